import threading

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.utils import timezone

from commitments import accounts, audit
from commitments.models import AuditEvent, AuditKind
from tests.commitments.signing_in import PASSWORD, give_password, kinds, staff

pytestmark = pytest.mark.django_db

TABLE = AuditEvent._meta.db_table
LIST = "/admin/commitments/auditevent/"


def latest(kind):
    return AuditEvent.objects.filter(kind=kind).first()


def form_of(user, **changes):
    """What the stock form of an account posts."""
    return {
        "username": user.username,
        "first_name": "",
        "last_name": "",
        "email": user.email,
        "is_active": "on",
        "is_staff": "on",
        "groups": [group.pk for group in user.groups.all()],
        **changes,
    }


def test_signing_in_and_out(client):
    staff()
    give_password(client, REMOTE_ADDR="198.51.100.7")
    client.post("/admin/logout/", REMOTE_ADDR="198.51.100.7")

    assert kinds(address="198.51.100.7") == ["signed_in", "signed_out"]
    event = latest("signed_in")
    assert (event.account_name, event.actor_name) == ("ada", "ada")
    assert event.details == {"second_factor": "none"}


def test_groups_changed_by_an_administrator_name_both(client):
    user, boss = staff("ada"), staff("boss", "administrator")
    reviewer = Group.objects.get(name="reviewer")
    client.force_login(boss)

    client.post(
        f"/admin/auth/user/{user.pk}/change/",
        form_of(user, groups=[reviewer.pk]),
        REMOTE_ADDR="198.51.100.7",
    )

    events = AuditEvent.objects.filter(kind="groups_changed", actor_name="boss")
    assert {e.account_name for e in events} == {"ada"}
    assert {e.address for e in events} == {"198.51.100.7"}
    assert sorted(str(e.details) for e in events) == [
        "{'added': ['reviewer']}",
        "{'removed': ['analyst']}",
    ]


def test_groups_changed_from_the_groups_side_and_by_clearing():
    user, other = staff("ada"), staff("bob")
    group = Group.objects.get(name="reviewer")
    group.user_set.add(user, other)
    group.user_set.clear()
    user.groups.clear()
    told = AuditEvent.objects.filter(kind="groups_changed").order_by("pk")
    assert [(e.account_name, e.details) for e in told][2:] == [
        ("ada", {"added": ["reviewer"]}),
        ("bob", {"added": ["reviewer"]}),
        ("ada", {"removed": ["reviewer"]}),
        ("bob", {"removed": ["reviewer"]}),
        ("ada", {"removed": ["analyst"]}),
    ]


@pytest.mark.parametrize("flag", ["is_active", "is_staff", "is_superuser"])
def test_each_flag_tells_from_what_to_what(flag):
    user = staff()
    before = getattr(user, flag)
    setattr(user, flag, not before)
    user.save(update_fields=[flag])
    event = latest("account_changed")
    assert event.details == {flag: {"from": before, "to": not before}}
    assert event.actor_name == "command on the server"


def test_single_permissions_of_accounts_and_groups():
    user = staff()
    allowed = Permission.objects.get(codename="add_topic")
    user.user_permissions.add(allowed)
    assert latest("permissions_changed").details == {"added": ["add_topic"]}
    allowed.user_set.remove(user)
    assert latest("permissions_changed").account_name == "ada"
    assert latest("permissions_changed").details == {"removed": ["add_topic"]}
    Group.objects.get(name="analyst").permissions.clear()
    event = latest("permissions_changed")
    assert event.details["group"] == "analyst"
    assert "change_commitment" in event.details["removed"]


def test_a_password_changed_by_oneself_and_by_another(client):
    user, boss = staff("ada"), staff("boss", "administrator")
    new = "another long and secret phrase"
    give_password(client)
    client.post(
        "/admin/password_change/",
        {"old_password": PASSWORD, "new_password1": new, "new_password2": new},
    )
    assert (latest("password_changed").actor_name) == "ada"
    client.force_login(boss)
    client.post(
        f"/admin/auth/user/{user.pk}/password/",
        {"password1": PASSWORD, "password2": PASSWORD, "usable_password": "true"},
    )
    event = latest("password_changed")
    assert (event.account_name, event.actor_name, event.details) == ("ada", "boss", {})
    user.refresh_from_db()
    assert user.check_password(PASSWORD)


def test_a_password_hashed_anew_at_sign_in_is_no_change(client, settings):
    settings.PASSWORD_HASHERS = [*reversed(settings.PASSWORD_HASHERS)]
    user = staff()
    settings.PASSWORD_HASHERS = [*reversed(settings.PASSWORD_HASHERS)]
    give_password(client)
    stored = get_user_model().objects.get().password
    assert stored.startswith("argon2")
    assert stored != user.password
    assert latest("password_changed") is None


def test_accounts_made_and_deleted_outlive_themselves(capsys):
    call_command("create_accounts")
    made = AuditEvent.objects.filter(kind="account_made")
    assert {e.account_name for e in made} == set(accounts.GROUPS)
    assert all(e.details["is_staff"] for e in made)
    user = get_user_model().objects.get(username="analyst")
    key = f"user:{user.pk}"
    user.delete()
    assert latest("account_deleted").account_name == "analyst"
    assert AuditEvent.objects.filter(account=key).count() >= 3


def test_what_is_taken_back_is_not_told():
    user = staff()
    before = AuditEvent.objects.count()
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        user.is_superuser = True
        user.save()
        raise ZeroDivisionError
    assert AuditEvent.objects.count() == before


def test_making_the_groups_again_tells_nothing():
    accounts.ensure_groups()
    before = AuditEvent.objects.count()
    accounts.ensure_groups()
    assert AuditEvent.objects.count() == before


@pytest.mark.owner
@pytest.mark.parametrize("way", ["edit", "delete", "replace"])
def test_the_database_lets_nobody_edit_or_delete(way):
    staff()
    statement = {
        "edit": f"UPDATE {TABLE} SET account_name = 'eve'",
        "delete": f"DELETE FROM {TABLE}",
        "replace": f"TRUNCATE {TABLE}"
        if connection.vendor == "postgresql"
        else f"INSERT OR REPLACE INTO {TABLE} SELECT * FROM {TABLE}",
    }[way]
    before = list(AuditEvent.objects.values_list())
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(statement)
    assert list(AuditEvent.objects.values_list()) == before


@pytest.mark.parametrize(
    ("group", "answer"), [("analyst", 403), ("reviewer", 403), ("administrator", 200)]
)
def test_administrators_read_and_nobody_writes(client, group, answer):
    user = staff("somebody", group)
    client.force_login(user)
    event = AuditEvent.objects.first()
    page = f"{LIST}{event.pk}/"

    assert client.get(LIST).status_code == answer
    assert client.get(f"{page}change/").status_code == answer
    assert client.get(f"{LIST}add/").status_code == 403
    assert client.post(f"{page}change/", {"account_name": "eve"}).status_code == 403
    assert client.post(f"{page}delete/", {"post": "yes"}).status_code == 403
    assert ("auditevent" in client.get("/admin/").content.decode()) == (answer == 200)


def test_the_list_says_what_happened_in_constant_queries(
    client, django_assert_max_num_queries
):
    boss = staff("boss", "administrator")
    client.force_login(boss)
    for number in range(30):
        staff(f"person-{number}").groups.clear()
    with django_assert_max_num_queries(13):
        page = client.get(LIST).content.decode()
    assert "removed: analyst" in page
    assert "person-29" in page


@pytest.mark.django_db(transaction=True)
def test_two_events_at_once_are_both_kept():
    names = [f"at-once-{number}" for number in range(8)]

    def write(name):
        audit.record_event(
            AuditKind.SIGN_IN_FAILED, at=timezone.now(), address=None, name=name
        )
        connection.close()

    threads = [threading.Thread(target=write, args=[name]) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    kept = AuditEvent.objects.filter(kind="sign_in_failed")
    assert sorted(event.details["name"] for event in kept) == names


def test_a_signed_in_request_does_not_lend_its_name_to_the_next():
    user = staff("ada")
    client = Client()
    client.force_login(user)
    client.get("/admin/")
    user.is_staff = False
    user.save()
    assert latest("account_changed").actor_name == "command on the server"
