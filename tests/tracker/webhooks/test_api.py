"""Owners of keys keep their webhooks by the API: their own, and no secret twice."""

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from tests.factories import CommitmentFactory, DraftFactory, assess
from tracker.models import Attempt, Delivery, Endpoint, EndpointSecret
from tracker.webhooks import endpoints

from .sink import Sink, secret_of, verified

pytestmark = pytest.mark.django_db
GOOD = {"url": "https://hook.example.org/in", "email": "owner@example.org"}


@pytest.fixture
def secret_key(make_key):
    return make_key("mine")[1]


@pytest.fixture
def ask(client, secret_key):
    def ask(method, path, body=None, status=200, key=secret_key):
        headers = {"authorization": f"Bearer {key}"} if key else {}
        answer = client.generic(
            method,
            f"/api/v1/webhooks/{path}",
            json.dumps(body) if body is not None else "",
            content_type="application/json",
            headers=headers,
        )
        assert answer.status_code == status, answer.content
        if status >= 400:
            assert answer["Content-Type"] == "application/problem+json"
        else:
            assert answer["Cache-Control"] == "private, no-store"
        return answer.json() if answer.content else None

    return ask


@pytest.fixture
def active(ask, sink, relay):
    made = ask("POST", "", {**GOOD, "url": sink.url}, 201)
    relay()
    return made


def test_an_endpoint_is_registered_and_its_secret_told_once(ask):
    one = CommitmentFactory()
    made = ask(
        "POST",
        "",
        {**GOOD, "kinds": ["status", "claim"], "commitments": [one.slug], "note": "x"},
        201,
    )

    assert made["secret"].startswith("whsec_")
    assert (made["state"], made["kinds"]) == ("pending", ["status", "claim"])
    assert made["commitments"] == [one.slug]
    listed = ask("GET", "")["results"]
    assert listed == [ask("GET", f"{made['id']}/")]
    assert {**listed[0], "secret": made["secret"]} == made
    kept = EndpointSecret.objects.get().sealed
    assert made["secret"] not in kept and made["secret"][6:] not in kept


@pytest.mark.parametrize(
    ("change", "status", "field"),
    [
        ({"url": "http://user:word@example.org/"}, 422, "url"),
        ({"url": "ftp://example.org/"}, 422, "url"),
        ({"url": "https://example.org:8443/"}, 422, "url"),
        ({"url": "not an address"}, 422, "url"),
        ({"url": "https://example.org/" + "x" * 500}, 400, "url"),
        ({"url": ""}, 400, "url"),
        ({"email": "nobody"}, 400, "email"),
        ({"email": "a@b.org\nBcc: c@d.org"}, 400, "email"),
        ({"kinds": ["colour"]}, 400, "kinds"),
        ({"kinds": "status"}, 400, "kinds"),
        ({"commitments": ["no-such"]}, 400, "commitments"),
        ({"commitments": ["hidden"]}, 400, "commitments"),
        ({"colour": "red"}, 400, "colour"),
        ({"secret": "whsec_x"}, 400, "secret"),
        ({"state": "active"}, 400, "state"),
    ],
)
def test_a_wrong_field_is_named_and_nothing_kept(ask, change, status, field):
    DraftFactory(slug="hidden")

    problem = ask("POST", "", {**GOOD, **change}, status)

    assert field in [error["field"] for error in problem["errors"]]
    assert not Endpoint.objects.exists()


def test_the_same_address_twice_and_too_many_are_refused(ask):
    ask("POST", "", GOOD, 201)
    ask("POST", "", GOOD, 422)
    for number in range(endpoints.MOST_OF_A_KEY - 1):
        ask("POST", "", {**GOOD, "url": f"https://h{number}.example.org/"}, 201)

    ask("POST", "", {**GOOD, "url": "https://one.more.example.org/"}, 422)


def test_nobody_sees_or_touches_what_is_anothers(ask, make_key):
    _, other = make_key("other")
    _, narrow = make_key("narrow", scopes=["evidence"])
    mine = ask("POST", "", GOOD, 201)["id"]
    delivery = Delivery.objects.create(
        endpoint_id=mine,
        message_id="m",
        made_at=timezone.now(),
        next_try=timezone.now(),
    )
    ways = [
        ("GET", "", None),
        ("POST", "", GOOD),
        ("GET", f"{mine}/", None),
        ("PATCH", f"{mine}/", {"note": "x"}),
        ("DELETE", f"{mine}/", None),
        ("POST", f"{mine}/rotate/", {}),
        ("POST", f"{mine}/test/", None),
        ("POST", f"{mine}/replay/", {"after": 0}),
        ("GET", f"{mine}/deliveries/", None),
        ("POST", f"{mine}/deliveries/{delivery.pk}/replay/", None),
    ]
    for method, path, body in ways:
        ask(method, path, body, 401, key=None)
        ask(method, path, body, 401, key="out_no_such")
        ask(method, path, body, 403, key=narrow)
        if path:
            ask(method, path, body, 404, key=other)

    assert ask("GET", "", key=other)["results"] == []
    assert Endpoint.objects.get().note == ""
    assert EndpointSecret.objects.count() == 1


def test_an_endpoint_is_changed_stopped_and_started_again(ask, active, relay, sink):
    path = f"{active['id']}/"
    changed = ask("PATCH", path, {"note": "Ours", "kinds": ["status"]})
    assert (changed["note"], changed["state"]) == ("Ours", "active")

    assert ask("PATCH", path, {"state": "disabled"})["state"] == "disabled"
    assert assess(CommitmentFactory()) and not sink.arrived
    assert ask("PATCH", path, {"state": "active"})["state"] == "pending"
    relay()
    assert ask("GET", path)["state"] == "active"
    assert ask("PATCH", path, {"url": "https://new.example.org/"})["state"] == "pending"
    ask("PATCH", path, {"state": "red"}, 400)


def test_an_endpoint_is_removed_with_all_that_waits(ask, active, sink, relay):
    CommitmentFactory()
    sink.plays = [500]
    relay()

    ask("DELETE", f"{active['id']}/", status=204)

    for model in (Endpoint, Delivery, Attempt, EndpointSecret):
        assert not model.objects.exists()
    ask("GET", f"{active['id']}/", status=404)


def test_a_rotation_overlaps_and_then_ends(ask, active, sink, relay, clock):
    path = f"{active['id']}/"
    fresh = ask("POST", f"{path}rotate/", {"overlap_hours": 2})["secret"]
    assert ask("GET", path)["secrets"] == 2
    CommitmentFactory()
    relay()
    for secret in (active["secret"], fresh):
        assert verified(secret, sink.headers[0], sink.arrived[0])

    clock.go(hours=3)
    CommitmentFactory()
    relay()
    assert len(sink.headers[1]["webhook-signature"].split()) == 1
    assert secret_of(Endpoint.objects.get()) == fresh
    ask("POST", f"{path}rotate/", {"overlap_hours": 200}, 400)
    for _ in range(6):
        ask("POST", f"{path}rotate/", {})
    assert EndpointSecret.objects.count() == endpoints.MOST_SECRETS


def test_a_test_message_is_sent_one_at_a_time(ask, active, sink, relay):
    path = f"{active['id']}/test/"
    queued = ask("POST", path, status=202)
    ask("POST", path, status=422)
    relay()

    (message,) = [json.loads(body) for body in sink.arrived]
    assert message["type"] == "test" and queued["seq"] is None
    assert sink.ids == [queued["message_id"]]


def test_nothing_is_sent_on_request_to_an_unproven_address(ask):
    made = ask("POST", "", GOOD, 201)

    for action, body in (("test", None), ("replay", {"after": 0})):
        ask("POST", f"{made['id']}/{action}/", body, 422)


def test_deliveries_are_listed_and_tell_nothing_of_what_was_answered(
    ask, active, sink, relay
):
    for _ in range(3):
        CommitmentFactory()
    sink.plays = [(500, {"X-Inside": "secret"})]
    relay()
    path = f"{active['id']}/deliveries/"

    first = ask("GET", f"{path}?limit=2")
    rest = ask("GET", first["next"].partition("webhooks/")[2])

    found = [*first["results"], *rest["results"]]
    assert [row["seq"] for row in found] == [3, 2, 1]
    assert sorted(row["state"] for row in found) == [
        "delivered",
        "delivered",
        "waiting",
    ]
    assert {row["last_status"] for row in found} == {204, 500}
    assert "answered" not in str(found) and "Inside" not in str(found)
    assert Attempt.objects.filter(response_body="what was answered").exists()
    ask("GET", f"{path}?colour=red", status=400)


def test_one_message_and_all_after_an_entry_are_sent_again(ask, active, sink, relay):
    for _ in range(3):
        CommitmentFactory()
    relay()
    ids = set(sink.ids)
    path = f"{active['id']}/"
    last = ask("GET", f"{path}deliveries/")["results"][0]

    again = ask("POST", f"{path}deliveries/{last['id']}/replay/", status=202)
    assert (again["state"], again["tries"]) == ("waiting", 0)
    relay()
    assert len(sink.arrived) == 4

    answer = ask("POST", f"{path}replay/", {"after": 1}, 202)
    assert answer == {"messages": 2, "last": 3}
    relay()
    assert len(sink.arrived) == 6 and set(sink.ids) == ids
    assert ask("POST", f"{path}replay/", {"after": 3}, 202) == {
        "messages": 0,
        "last": 3,
    }
    ask("POST", f"{path}replay/", {"after": -1}, 400)
    ask("POST", f"{path}deliveries/999/replay/", status=404)


def test_a_list_asks_the_database_as_much_for_many_as_for_few(
    ask, django_assert_max_num_queries
):
    commitments = [CommitmentFactory() for _ in range(3)]
    for number in range(6):
        body = {
            **GOOD,
            "url": f"https://h{number}.example.org/",
            "commitments": [one.slug for one in commitments],
        }
        ask("POST", "", body, 201)

    with django_assert_max_num_queries(6):
        ask("GET", "")


def test_a_key_that_expires_takes_its_webhooks_with_it(ask, active, relay, clock):
    clock.go(days=1000)
    relay()

    assert Endpoint.objects.get().state == "disabled"
    assert timedelta(days=900) < clock() - timezone.now()


def test_sinks_of_two_keys_at_one_address_are_two_endpoints(ask, make_key, sink, relay):
    _, other = make_key("other")
    for key in (None, other):
        given = {"key": key} if key else {}
        ask("POST", "", {**GOOD, "url": sink.url}, 201, **given)
    relay()
    CommitmentFactory()
    relay()

    assert len(sink.arrived) == 2 and len(set(sink.ids)) == 1
    assert isinstance(sink, Sink)
