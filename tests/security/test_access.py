"""Every address, asked by everybody, in every way: as the table says and no wider.

``access.json`` is the table. A route that is missing from it fails; after a change that
is meant, write it anew with WRITE_ACCESS=on and read the difference.
"""

import json
import os
from contextlib import nullcontext
from http.cookies import SimpleCookie
from pathlib import Path
from unittest import mock

import pytest
from django.contrib import admin
from django.db import transaction
from django.template.response import SimpleTemplateResponse
from django.test import Client, override_settings
from django.urls import reverse

from commitments.models.api_key import ApiScope
from tests.security import examples, routes
from tests.security.examples import FOLLOWER, NO_GROUP, STAFF

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(600)]
TABLE = Path(__file__).with_name("access.json")
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
# The desk's pages take these for a GET: what they would say is read once.
LIKE_GET = METHODS[1:2] + METHODS[3:]
ROLES = (
    *("anonymous", FOLLOWER),
    *(f"key:{scope}" for scope in ApiScope.values),
    *STAFF,
)
# What a request that was let through may have been answered with.
REFUSED = {401, 403, 404, 405}


def of_its_own(folder):
    """Return the settings under which a site keeps its files in a folder."""
    here = "django.core.files.storage.FileSystemStorage"
    kept = {
        name: {"BACKEND": here, "OPTIONS": {"location": folder / name}}
        for name in ("default", "captures", "releases")
    }
    static = "django.contrib.staticfiles.storage.StaticFilesStorage"
    return {
        "STORAGES": {**kept, "staticfiles": {"BACKEND": static}},
        "CHECKPOINT_FILE": folder / "checkpoints.jsonl",
        "DATA_DIR": folder,
        "HOST_PAUSE": 0,
    }


@pytest.fixture(scope="module")
def kept(django_db_setup, django_db_blocker, tmp_path_factory):
    """The examples, made once: who asks takes back whatever that changed."""
    own = of_its_own(tmp_path_factory.mktemp("site"))
    with override_settings(**own), django_db_blocker.unblock(), transaction.atomic():
        yield examples.made(), own
        transaction.set_rollback(True)


@pytest.fixture
def site(kept, settings):
    """A site with something behind every address; the rates do not count here."""
    found, own = kept
    for name, value in own.items():
        setattr(settings, name, value)
    settings.API_RATE = settings.API_KEY_RATE = 0
    settings.REQUIRE_MFA = False
    # Who finds a weakness is told of somebody.
    settings.CONTACT = "desk@tracker.example"
    return found


@pytest.fixture
def without_the_menu(monkeypatch):
    """Each page of the desk lists all others at its side: left out, for speed."""
    real, held = admin.site.get_app_list, {}

    def get_app_list(request, app_label=None):
        key = request.user.pk, app_label
        if key not in held:
            held[key] = real(request, app_label)
        return held[key]

    monkeypatch.setattr(admin.site, "get_app_list", get_app_list)
    monkeypatch.setattr(admin.site, "enable_nav_sidebar", False)


def client_of(role, site):
    """Return a client that asks in a role, and the headers it sends."""
    # The contract as YAML takes longer than all other answers together.
    client, headers = Client(), {"Accept": "application/json, */*;q=0.5"}
    if role.startswith("key:"):
        secret = site.secrets[role.removeprefix("key:")]
        headers["Authorization"] = f"Bearer {secret}"
    if role in STAFF:
        client.force_login(site.people[role])
    return client, headers


def is_let_in(answer, pattern):
    """Whether a request reached what it asked for."""
    where = answer.headers.get("Location", "")
    # So the desk answers who asks for a row that is not there.
    is_gone = "<path:object_id>" in pattern and where == reverse("admin:index")
    is_refused = answer.status_code in REFUSED or is_gone
    return not is_refused and "/admin/login/" not in where


def ask(client, method, path, headers):
    """Ask, and take back whatever it changed."""
    client.raise_request_exception = False
    # A way out is among what is asked: the next request comes in anew.
    cookies = SimpleCookie(client.cookies.output(header="", sep=";"))
    unwritten = mock.patch.object(SimpleTemplateResponse, "rendered_content", "")
    with transaction.atomic(), unwritten if method in LIKE_GET else nullcontext():
        answer = client.generic(
            method, path, b"{}", "application/json", headers=headers
        )
        if answer.streaming:
            b"".join(answer)
        transaction.set_rollback(True)
    client.cookies = cookies
    return answer


def found(role, site):
    """Return what a role may ask: {pattern: methods}, and what answered with 5xx."""
    client, headers = client_of(role, site)
    links = site.links if role == FOLLOWER else {}
    may, broken = {}, []
    for route in routes.routes({**site.known, **links}):
        if route.pattern.startswith(routes.TWINS):
            continue
        let_in = []
        for method in METHODS:
            answer = ask(client, method, route.path, headers)
            if answer.status_code >= 500:
                broken.append(f"{method} {route.path}: {answer.status_code}")
            if is_let_in(answer, route.pattern):
                let_in.append(method)
        may[route.pattern] = " ".join(let_in)
    return may, broken


@pytest.mark.usefixtures("without_the_menu")
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
    for role in set(STAFF) - {NO_GROUP}:
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
