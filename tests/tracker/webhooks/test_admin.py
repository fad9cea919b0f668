"""Administrators keep endpoints at the desk; others do not get there."""

import pytest

from tests.factories import CommitmentFactory, UserFactory
from tracker.models import Delivery, Endpoint, EndpointNotice
from tracker.webhooks import endpoints

pytestmark = pytest.mark.django_db
PAGES = ("endpoint", "delivery", "endpointnotice", "attempt")


def form(key, **given):
    values = {
        "key": key.pk,
        "url": "https://hook.example.org/in",
        "email": "owner@example.org",
        "note": "",
        "notices-TOTAL_FORMS": 0,
        "notices-INITIAL_FORMS": 0,
    }
    return {**values, **given}


def test_an_endpoint_is_registered_and_its_secret_shown_once(desk, key):
    client, one = desk("administrator"), CommitmentFactory()
    page = client.post(
        "/admin/tracker/endpoint/add/",
        form(key, kinds=["status"], commitments=[one.pk]),
        follow=True,
    ).content.decode()

    endpoint = Endpoint.objects.get()
    assert "whsec_" in page and endpoint.secrets.count() == 1
    assert (endpoint.kinds, endpoint.commitments.get()) == (["status"], one)
    assert endpoint.state == "pending"
    again = client.get(f"/admin/tracker/endpoint/{endpoint.pk}/change/")
    assert again.status_code == 200 and b"whsec_" not in again.content


def test_a_refusal_shows_at_its_field_and_nothing_is_kept(desk, key):
    page = desk("administrator").post(
        "/admin/tracker/endpoint/add/", form(key, url="http://localhost:6379/")
    )

    assert page.status_code == 200
    assert "Port 6379" in str(page.context["adminform"].form.errors["url"])
    assert not Endpoint.objects.exists()


def test_only_keys_for_webhooks_can_be_chosen(desk, make_key):
    other, _ = make_key("other", scopes=["evidence"])

    page = desk("administrator").post("/admin/tracker/endpoint/add/", form(other))

    assert "key" in page.context["adminform"].form.errors


def test_another_address_begins_anew(desk, endpoint):
    client = desk("administrator")
    client.post(
        f"/admin/tracker/endpoint/{endpoint.pk}/change/",
        form(endpoint.key, url="https://new.example.org/", note="Moved"),
    )

    endpoint.refresh_from_db()
    assert (endpoint.url, endpoint.state) == ("https://new.example.org/", "pending")
    assert endpoint.note == "Moved"


def test_actions_rotate_test_stop_and_enable(desk, endpoint, sink, relay):
    client = desk("administrator")

    def act(action):
        return client.post(
            "/admin/tracker/endpoint/",
            {"action": action, "_selected_action": [endpoint.pk]},
            follow=True,
        ).content.decode()

    assert "whsec_" in act("rotate")
    assert endpoint.secrets.count() == 2
    assert "on its way" in act("send_test")
    assert "waits to be sent already" in act("send_test")
    relay()
    assert len(sink.arrived) == 1
    act("stop")
    endpoint.refresh_from_db()
    assert endpoint.state == "disabled"
    act("enable")
    relay()
    endpoint.refresh_from_db()
    assert endpoint.state == "active"


def test_the_log_shows_request_and_response_and_sends_again(
    desk, endpoint, sink, relay, clock
):
    CommitmentFactory()
    sink.always = 500
    relay()
    Delivery.objects.update(state="dead", done_at=clock())
    delivery = Delivery.objects.get()
    client = desk("administrator")

    page = client.get(f"/admin/tracker/delivery/{delivery.pk}/change/").content.decode()
    for told in ("what was answered", "webhook-signature", "&quot;data&quot;", "500"):
        assert told in page
    client.post(
        "/admin/tracker/delivery/",
        {"action": "send_again", "_selected_action": [delivery.pk]},
    )
    sink.always = 204
    relay()

    assert len(sink.arrived) == 1
    assert Delivery.objects.get().state == "delivered"


def test_lists_are_searched_and_ask_as_much_for_many_as_for_few(
    desk, endpoint, relay, clock, django_assert_max_num_queries
):
    for _ in range(5):
        CommitmentFactory()
    relay()
    endpoints.disable(endpoint=endpoint, reason="It was down.", at=clock())
    assert EndpointNotice.objects.exists()
    client = desk("administrator")

    for page in PAGES:
        with django_assert_max_num_queries(20):
            assert client.get(f"/admin/tracker/{page}/?q=hook").status_code == 200


@pytest.mark.parametrize("group", ["analyst", "reviewer"])
def test_others_at_the_desk_have_no_part_in_it(desk, endpoint, group):
    client = desk(group)

    for page in PAGES:
        assert client.get(f"/admin/tracker/{page}/").status_code == 403
    change = f"/admin/tracker/endpoint/{endpoint.pk}/change/"
    assert client.get(change).status_code == 403


def test_who_may_only_look_has_no_button(client, endpoint, relay):
    from django.contrib.auth.models import Permission

    CommitmentFactory()
    relay()
    person = UserFactory(is_staff=True)
    person.user_permissions.add(Permission.objects.get(codename="view_delivery"))
    client.force_login(person)

    page = client.get("/admin/tracker/delivery/")
    assert page.status_code == 200 and b"send_again" not in page.content
    client.post(
        "/admin/tracker/delivery/",
        {"action": "send_again", "_selected_action": [Delivery.objects.get().pk]},
    )
    assert Delivery.objects.get().state == "delivered"
