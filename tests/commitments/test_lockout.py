from datetime import timedelta

import pytest
import time_machine
from axes.models import AccessAttempt
from django.test import Client, RequestFactory
from django.utils import timezone

from commitments.lockout import client_address, counted_address
from commitments.models import AuditEvent
from tests.commitments.signing_in import HOME, PASSWORD, give_password, kinds, staff

pytestmark = pytest.mark.django_db

OFFICE, HOME_OFFICE = "198.51.100.7", "203.0.113.9"


def fail(client, times=1, name="ada", address=OFFICE, **extra):
    for number in range(times):
        answer = give_password(
            client, name, f"guess {number}", REMOTE_ADDR=address, **extra
        )
    return answer


def test_five_failures_lock_the_account_out_for_this_address(client):
    staff()
    assert fail(client, 4).status_code == 200

    fifth = fail(client)
    right = give_password(client, REMOTE_ADDR=OFFICE)

    assert fifth.status_code == right.status_code == 429
    assert fifth["Retry-After"] == "900"
    assert "Wait 15 minutes" in right.content.decode()
    assert "Content-Security-Policy" in right
    assert "_auth_user_id" not in client.session


def test_neither_colleagues_nor_the_same_person_where_they_were_are_locked_out(client):
    staff("ada")
    staff("bob")
    assert give_password(Client(), "ada", REMOTE_ADDR=HOME_OFFICE).url == HOME
    fail(client, 6)
    assert give_password(Client(), "bob", REMOTE_ADDR=OFFICE).url == HOME
    assert give_password(Client(), "ada", REMOTE_ADDR=HOME_OFFICE).url == HOME


def test_strange_addresses_share_what_one_has(client):
    staff()
    for number in range(4):
        assert fail(Client(), address=f"192.0.2.{number}").status_code == 200
    assert fail(Client(), address="192.0.2.4").status_code == 429
    assert give_password(Client(), REMOTE_ADDR=OFFICE).status_code == 429
    # A name that nobody has is treated no differently.
    for number in range(4):
        assert fail(Client(), 1, "nobody", f"192.0.2.{number}").status_code == 200
    assert fail(Client(), 1, "nobody", "192.0.2.4").status_code == 429


@pytest.mark.parametrize(
    ("before", "address", "days", "is_in"),
    [
        (OFFICE, OFFICE, 80, True),
        (OFFICE, HOME_OFFICE, 80, False),
        (OFFICE, OFFICE, 100, False),
        # Of the same network, which is all that an IPv6 address tells.
        ("2001:db8:1:2::7", "2001:db8:1:2::9", 80, True),
        ("2001:db8:1:2::7", "2001:db8:1:3::7", 80, False),
    ],
)
def test_an_address_is_an_owners_for_a_while(before, address, days, is_in):
    staff()
    with time_machine.travel(timezone.now(), tick=False) as clock:
        assert give_password(Client(), REMOTE_ADDR=before).url == HOME
        clock.shift(timedelta(days=days))
        for number in range(6):
            fail(Client(), address=f"192.0.2.{number}")
        answer = give_password(Client(), REMOTE_ADDR=address)
    assert answer.status_code == (302 if is_in else 429)


def test_it_ends_by_itself_and_tries_meanwhile_do_not_prolong_it(client):
    staff()
    with time_machine.travel(timezone.now(), tick=False) as clock:
        fail(client, 5)
        clock.shift(timedelta(minutes=14))
        assert fail(client, 3).status_code == 429
        clock.shift(timedelta(minutes=2))
        assert give_password(client, REMOTE_ADDR=OFFICE).url == HOME


def test_changing_the_browsers_name_does_not_help(client):
    staff()
    for number in range(5):
        last = fail(client, HTTP_USER_AGENT=f"browser {number}")
    assert last.status_code == 429


def test_an_address_that_tries_many_names_is_locked_out_later(client, settings):
    settings.ADDRESS_FAILURE_LIMIT = 12
    staff("bob")
    for number in range(11):
        assert fail(client, name=f"name-{number}").status_code == 200

    assert fail(client, name="one-more").status_code == 429
    assert give_password(client, "bob", REMOTE_ADDR=OFFICE).status_code == 429
    assert give_password(client, "bob", REMOTE_ADDR=HOME_OFFICE).url == HOME


def test_one_success_forgives_that_account_and_not_the_address(client, settings):
    settings.ADDRESS_FAILURE_LIMIT = 8
    staff("ada")
    fail(client, 4, name="victim")
    fail(client, 3)
    assert give_password(client, REMOTE_ADDR=OFFICE).url == HOME
    assert fail(Client(), 3, name="other").status_code == 200
    assert fail(Client(), 1, name="another").status_code == 429


def test_the_account_with_no_name_is_locked_out_like_a_known_one(client):
    staff()
    known = [fail(client, name="ada").content for _ in range(6)]
    unknown = [fail(Client(), name="nobody").status_code for _ in range(6)]
    assert unknown == [200] * 4 + [429] * 2
    assert b"Too many tries" in known[-1]


def test_an_administrator_lifts_it(client):
    user = staff("ada")
    boss = staff("boss", "administrator")
    fail(Client(), 5)
    client.force_login(boss)

    client.post(
        "/admin/auth/user/",
        {"action": "lift_lock_outs", "_selected_action": [user.pk]},
    )

    assert not AccessAttempt.objects.exists()
    assert give_password(Client(), REMOTE_ADDR=OFFICE).url == HOME
    event = AuditEvent.objects.get(kind="lock_out_lifted")
    assert (event.account_name, event.actor_name) == ("ada", "boss")


def test_the_audit_list_tells_failures_and_the_lock_out_once(client):
    staff()
    fail(client, 8)
    assert kinds(address=OFFICE) == ["sign_in_failed"] * 5 + ["locked_out"]
    assert {e.account_name for e in AuditEvent.objects.filter(address=OFFICE)} == {
        "ada"
    }


def test_no_password_is_kept_wherever_it_was_typed(client):
    staff()
    give_password(client, PASSWORD, PASSWORD, REMOTE_ADDR=OFFICE)
    give_password(client, "ada", "guess", REMOTE_ADDR=OFFICE)
    first = AuditEvent.objects.filter(kind="sign_in_failed").last()
    assert (first.account, first.account_name, first.details) == ("", "", {})
    kept = "".join(AccessAttempt.objects.values_list("post_data", flat=True))
    assert "guess" not in kept
    assert PASSWORD not in kept


@pytest.mark.parametrize(
    ("hops", "forwarded", "remote", "address"),
    [
        (0, "", "192.0.2.1", "192.0.2.1"),
        (0, "203.0.113.9", "192.0.2.1", "192.0.2.1"),
        (1, "203.0.113.9", "192.0.2.1", "203.0.113.9"),
        (1, "6.6.6.6, 203.0.113.9", "192.0.2.1", "203.0.113.9"),
        (2, "6.6.6.6, 203.0.113.9, 10.0.0.1", "192.0.2.1", "203.0.113.9"),
        (2, "203.0.113.9", "192.0.2.1", "192.0.2.1"),
        (1, "", "192.0.2.1", "192.0.2.1"),
        (1, "nonsense", "192.0.2.1", "192.0.2.1"),
        (1, "203.0.113.9:4711", "192.0.2.1", "203.0.113.9"),
        (1, "[2001:db8::1]:4711", "192.0.2.1", "2001:db8::1"),
        (1, "::ffff:203.0.113.9", "192.0.2.1", "203.0.113.9"),
        (1, "fe80::1%eth0", "192.0.2.1", "fe80::1"),
        (0, "", "", None),
    ],
)
def test_only_the_configured_hops_are_believed(
    settings, hops, forwarded, remote, address
):
    settings.TRUSTED_PROXIES = hops
    request = RequestFactory().get(
        "/", REMOTE_ADDR=remote, HTTP_X_FORWARDED_FOR=forwarded
    )
    assert client_address(request) == address


def test_forged_addresses_do_not_evade_the_lock_out(client, settings):
    settings.TRUSTED_PROXIES = 1
    staff()
    for number in range(6):
        forged = f"10.0.0.{number}, 203.0.113.9"
        last = fail(client, HTTP_X_FORWARDED_FOR=forged)
    assert last.status_code == 429


def test_all_of_an_ipv6_network_counts_as_one():
    first, other, elsewhere = (
        counted_address(RequestFactory().get("/", REMOTE_ADDR=address))
        for address in ("2001:db8:1:2::5", "2001:db8:1:2:ffff::9", "2001:db8:1:3::5")
    )
    assert first == other == "2001:db8:1:2::"
    assert elsewhere != first
