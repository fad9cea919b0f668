import re

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core.management import call_command

from commitments import accounts

pytestmark = pytest.mark.django_db


def make(name, *, group=None, **extra):
    accounts.ensure_groups()
    user = get_user_model().objects.create_user(name, is_staff=True, **extra)
    if group:
        user.groups.add(Group.objects.get(name=group))
    return user


def test_groups_are_made_with_their_permissions():
    accounts.ensure_groups()
    analyst = Group.objects.get(name="analyst")
    codenames = set(analyst.permissions.values_list("codename", flat=True))
    assert {"view_historyentry", "change_commitment", "add_evidence"} <= codenames
    assert not {"change_historyentry", "delete_commitment", "add_user"} & codenames


@pytest.mark.parametrize("name", accounts.GROUPS)
def test_no_group_writes_history_or_what_follows_from_it(name):
    accounts.ensure_groups()
    codenames = Group.objects.get(name=name).permissions.values_list(
        "codename", flat=True
    )
    models = ("historyentry", "historytext", "citation", "state", "flag")
    assert [c for c in codenames if c.split("_")[1] in models] == [
        c for c in codenames if c.split("_")[1] in models and c.startswith("view_")
    ]


def test_ensure_groups_twice_is_the_same():
    accounts.ensure_groups()
    before = set(Group.objects.values_list("name", "permissions__codename"))
    accounts.ensure_groups()
    assert set(Group.objects.values_list("name", "permissions__codename")) == before


@pytest.mark.parametrize(
    ("group", "duties"),
    [
        ("analyst", {"record"}),
        ("reviewer", {"record", "confirm", "decide"}),
        ("administrator", {"decide"}),
        (None, set()),
    ],
)
def test_duties_follow_from_groups(group, duties):
    user = make("someone", group=group)
    assert {duty for duty in accounts.DUTIES if accounts.may(user, duty)} == duties


def test_superuser_is_an_administrator_and_nothing_else():
    user = make("root", is_superuser=True)
    assert accounts.groups_of(user) == {"administrator"}


def test_inactive_account_has_no_duty():
    user = make("gone", group="reviewer", is_active=False)
    assert not accounts.may(user, accounts.RECORD)


def test_create_accounts_prints_passwords_that_work(capsys):
    call_command("create_accounts")
    lines = capsys.readouterr().out.splitlines()
    pairs = [m.groups() for m in (re.match(r"  (\w+) +(\S+)$", x) for x in lines) if m]
    assert [name for name, _ in pairs] == ["analyst", "reviewer", "administrator"]
    for name, password in pairs:
        user = get_user_model().objects.get(username=name)
        assert user.check_password(password)
        assert user.is_staff
        assert user.is_superuser == (name == "administrator")
        assert [g.name for g in user.groups.all()] == [name]


def test_create_accounts_twice_changes_nothing(capsys):
    call_command("create_accounts")
    before = list(get_user_model().objects.order_by("pk").values())
    capsys.readouterr()
    call_command("create_accounts")
    assert "Nothing was changed" in capsys.readouterr().out
    assert list(get_user_model().objects.order_by("pk").values()) == before


def test_create_accounts_makes_only_the_missing(capsys):
    make("analyst", group="analyst")
    call_command("create_accounts")
    out = capsys.readouterr().out
    assert "analyst " not in out
    assert "reviewer" in out


@pytest.mark.parametrize("name", accounts.GROUPS)
def test_only_administrators_read_the_audit_list_and_no_group_writes_it(name):
    accounts.ensure_groups()
    found = Group.objects.get(name=name).permissions.filter(
        content_type__model="auditevent"
    )
    read = ["view_auditevent"] if name == accounts.ADMINISTRATOR else []
    assert list(found.values_list("codename", flat=True)) == read


def test_create_accounts_says_what_comes_first_where_it_is_required(capsys, settings):
    settings.REQUIRE_MFA = True
    call_command("create_accounts")
    assert "second factor" in capsys.readouterr().out
