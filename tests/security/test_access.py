"""Every address, asked by everybody, in every way: as the table says and no wider.

``access.json`` is the table. A route that is missing from it fails; after a change that
is meant, write it anew with WRITE_ACCESS=on and read the difference.
"""

import json
import os
from datetime import timedelta
from http.cookies import SimpleCookie
from pathlib import Path

import pytest
from django.contrib.auth.models import Group
from django.db import transaction
from django.test import Client
from django.utils import timezone

from commitments import accounts, services
from commitments.models.api_key import ApiScope
from tests.factories import UserFactory
from tests.security import routes
from tests.tracker.following import people
from tracker.following import tokens

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(600)]
TABLE = Path(__file__).with_name("access.json")
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
STAFF = accounts.GROUPS
FOLLOWER = "follower"
ROLES = (
    *("anonymous", FOLLOWER),
    *(f"key:{scope}" for scope in ApiScope.values),
    *STAFF,
)
# What a request that was let through may have been answered with.
REFUSED = {401, 403, 404, 405}


def client_of(role):
    """Return a client that asks in a role, and the headers it sends."""
    client = Client()
    if role.startswith("key:"):
        at = timezone.now()
        _, secret = services.make_key(
            name=role.replace(":", "-"),
            scopes=[role.removeprefix("key:")],
            expires_at=at + timedelta(days=1),
            at=at,
        )
        return client, {"Authorization": f"Bearer {secret}"}
    if role in STAFF:
        person = UserFactory(username=role, is_staff=True)
        person.groups.add(Group.objects.get(name=role))
        client.force_login(person)
    return client, {}


def is_let_in(answer):
    """Whether a request reached what it asked for."""
    if answer.status_code in REFUSED:
        return False
    return "/admin/login/" not in answer.headers.get("Location", "")


def ask(client, method, path, headers):
    """Ask, and take back whatever it changed."""
    client.raise_request_exception = False
    # A way out is among what is asked: the next request comes in anew.
    cookies = SimpleCookie(client.cookies.output(header="", sep=";"))
    with transaction.atomic():
        answer = client.generic(
            method, path, b"{}", "application/json", headers=headers
        )
        if answer.streaming:
            b"".join(answer)
        transaction.set_rollback(True)
    client.cookies = cookies
    return answer


def links_of_a_follower():
    """Return what fills in the addresses that only a follower's mails hold."""
    at = timezone.now()
    follower = people.follower(at=at)
    return {
        f"{route}:token": tokens.made(purpose, follower, at=at)
        for route, purpose in routes.OF_A_FOLLOWER.items()
    }


def found(role, record):
    """Return what a role may ask: {pattern: methods}, and what answered with 5xx."""
    accounts.ensure_groups()
    client, headers = client_of(role)
    links = links_of_a_follower() if role == FOLLOWER else {}
    may, broken = {}, []
    for route in routes.routes({**routes.known(record), **links}):
        if route.pattern.startswith(routes.TWINS):
            continue
        let_in = []
        for method in METHODS:
            answer = ask(client, method, route.path, headers)
            if answer.status_code >= 500:
                broken.append(f"{method} {route.path}: {answer.status_code}")
            if is_let_in(answer):
                let_in.append(method)
        may[route.pattern] = " ".join(let_in)
    return may, broken


@pytest.mark.parametrize("role", ROLES)
def test_every_address_is_open_to_whom_the_table_says(role, site):
    may, broken = found(role, site)
    table = json.loads(TABLE.read_text()) if TABLE.exists() else {}
    if os.environ.get("WRITE_ACCESS") == "on":
        table[role] = may
        TABLE.write_text(json.dumps(table, indent=0, sort_keys=True) + "\n")
    assert broken == []
    assert set(may) - set(table[role]) == set(), "routes missing from the table"
    wrong = {
        p: f"{m} (table: {table[role][p]})"
        for p, m in may.items()
        if m != table[role][p]
    }
    assert wrong == {}


def test_the_table_opens_the_desk_to_staff_alone():
    table = json.loads(TABLE.read_text())
    # Who signs in comes in by these.
    doors = {"admin/login/", "admin/login/code/", "admin/logout/", "admin/(?P<url>.*)$"}
    for role in set(ROLES) - set(STAFF):
        inside = {
            p
            for p, methods in table[role].items()
            if p.startswith("admin/") and methods
        }
        assert inside <= doors | {"admin/jsi18n/"}, role


def test_the_table_lets_staff_in():
    table = json.loads(TABLE.read_text())
    for role in STAFF:
        seen = [p for p, methods in table[role].items() if "GET" in methods.split()]
        assert len([p for p in seen if p.startswith("admin/")]) > 100, role


def test_the_table_lets_nobody_write_the_record_from_outside():
    table = json.loads(TABLE.read_text())
    for pattern, methods in table["anonymous"].items():
        if pattern.startswith("api/"):
            assert not {"POST", "PUT", "PATCH", "DELETE"} & set(methods.split()), (
                pattern
            )


def test_the_links_of_a_follower_open_their_own_pages_and_nothing_else():
    table = json.loads(TABLE.read_text())
    opened = {p for p, methods in table[FOLLOWER].items() if methods}
    closed = {p for p, methods in table["anonymous"].items() if not methods}

    assert opened & closed == {p for p in closed if p.startswith("follow/")}
