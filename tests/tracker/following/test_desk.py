"""What the desk sees of following: counts and outcomes, never an address."""

import pytest
from django.contrib.auth.models import Group

from commitments import accounts
from tests.factories import UserFactory
from tracker.models import Follow, Mail

from .people import AT, follower, publish, tell

pytestmark = pytest.mark.django_db


@pytest.fixture
def signed_in(client, settings):
    settings.REQUIRE_MFA = False

    def done(group, **more):
        accounts.ensure_groups()
        person = UserFactory(is_staff=True, **more)
        if group:
            person.groups.add(Group.objects.get(name=group))
        client.force_login(person)
        return client

    return done


@pytest.mark.parametrize("more", [{}, {"is_superuser": True}])
def test_counts_and_mails_are_shown_without_addresses(record, signed_in, more):
    follower("ann@example.org", "topic=trade", cadence="daily")
    follower("eve@example.org", "topic=trade", "")
    publish(AT)
    tell()
    client = signed_in(accounts.ADMINISTRATOR, **more)
    pages = ["/admin/tracker/follow/", "/admin/tracker/mail/"]
    pages.append(f"/admin/tracker/mail/{Mail.objects.first().pk}/change/")

    for address in pages:
        answer = client.get(address)
        assert answer.status_code == 200
        assert "example.org" not in answer.content.decode()

    assert "Topic: Trade</a></th><td>2</td>" in client.get(pages[0]).content.decode()
    one = Follow.objects.first()
    for path in (f"{one.pk}/change/", "add/", f"{one.pk}/delete/"):
        assert client.get(f"/admin/tracker/follow/{path}").status_code in (302, 403)
    assert client.get("/admin/tracker/follower/").status_code == 404


@pytest.mark.parametrize("group", [accounts.ANALYST, accounts.REVIEWER])
def test_only_administrators_see_what_is_followed(signed_in, group):
    for name in ("follow", "mail"):
        assert signed_in(group).get(f"/admin/tracker/{name}/").status_code == 403


def test_an_administrator_releases_an_uncertain_mail(signed_in):
    follower()
    publish()
    tell()
    Mail.objects.filter(state="waiting").update(state="uncertain")
    held = Mail.objects.get(state="uncertain")
    client = signed_in(accounts.ADMINISTRATOR)

    client.post(
        "/admin/tracker/mail/", {"action": "release", "_selected_action": [held.pk]}
    )

    held.refresh_from_db()
    assert held.state == "waiting"
