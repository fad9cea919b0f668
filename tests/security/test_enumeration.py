"""Who has an account, or follows, is not told: by answer, by statements, by hashing.

Work is counted, not timed. A password cannot be asked for anew by mail, and a link
that ends mail is its holder's proof: there is nothing to ask these by name.
"""

import re

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.module_loading import import_string

from tests.commitments.signing_in import LOGIN, PASSWORD
from tests.security import routes
from tests.tracker.following.people import follower

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(900)]
HASHER = import_string(settings.PASSWORD_HASHERS[0])
OF_ITS_OWN = ("X-Request-ID", "Expires")
MANY = pytest.mark.parametrize("many", [4, pytest.param(200, marks=pytest.mark.faults)])


@pytest.fixture
def hashed(monkeypatch):
    """What was done with passwords: made into a hash, or held against one."""
    done = []
    for name in ("encode", "verify"):
        real = getattr(HASHER, name)

        def counted(self, *args, real=real, **more):
            done.append("one password hashed")
            return real(self, *args, **more)

        monkeypatch.setattr(HASHER, name, counted)
    return done


def seen_and_done(send, name, number, hashed):
    """Return all that is seen of an answer without the name, and the work behind it."""
    hashed.clear()
    client = Client(REMOTE_ADDR=f"198.51.{number // 250}.{number % 250}")
    with CaptureQueriesContext(connection) as queries:
        answer = send(client, name)
    text = answer.content.decode().replace(name, "NAME")
    text = re.sub(r'csrfmiddlewaretoken" value="\w+"', "", text)
    headers = {k: v for k, v in answer.headers.items() if k not in OF_ITS_OWN}
    # Without what they are about: values, conditions, names of savepoints.
    statements = tuple(
        re.split(r'VALUES|WHERE|"s\d+_x', q["sql"])[0][:200] for q in queries
    )
    seen = answer.status_code, text, str(headers).replace(name, "NAME")
    return seen, (tuple(hashed), statements)


def guess(client, name):
    return client.post(LOGIN, {"username": name, "password": "no such phrase"})


def follow(client, name):
    return client.post("/follow/", {"address": f"{name}@example.org"})


def mine(client, name):
    return client.post("/follow/mine/", {"address": f"{name}@example.org"})


@MANY
@pytest.mark.parametrize("send", [guess, follow, mine])
def test_known_and_unknown_names_are_seen_and_worked_on_alike(send, many, hashed):
    known = [f"known-{number:03d}" for number in range(many)]
    password = make_password(PASSWORD)
    for name in known:
        if send is guess:
            get_user_model().objects.create(
                username=name, password=password, is_staff=True
            )
        else:
            follower(f"{name}@example.org")
    alike = {}
    for number, name in enumerate([*known, *(f"other-{n:03d}" for n in range(many))]):
        found = seen_and_done(send, name, number, hashed)
        alike.setdefault(found, []).append(name)

    assert len(alike) == 1
    [(_, (hashes, _))] = alike
    assert len(hashes) == (1 if send is guess else 0)


def test_no_address_asks_for_an_account_by_name():
    names = {name for _, name in routes.declared()}
    assert "admin_password_reset" not in names and "password_reset" not in names
