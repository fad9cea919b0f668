"""Every field of every form, every header, filter, place and body, with bad values.

A few of each kind, drawn by SEED; `make fuzz` sends CALLS of them. No call may answer
5xx or tell of its inside, and whatever is refused has changed nothing.
"""

import itertools
import json
import os
import random
import re
from datetime import timedelta
from http.cookies import SimpleCookie
from urllib.parse import quote

import pytest
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from commitments import services
from commitments.models.api_key import ApiScope
from tests.security import corpus, forms, routes
from tests.security.test_answers import boss  # noqa: F401 - fixture
from tests.tracker import record as records
from tests.tracker.api.test_hostile_bodies import WRITES, send  # noqa: F401
from tests.tracker.following.people import wish
from tests.tracker.leaks.planted import Planted, work_at_the_desk

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(14_400)]
CALLS = int(os.environ.get("CALLS", "120"))
SEED = int(os.environ.get("SEED", "15"))
INSIDE = re.compile(
    rb"Traceback \(most|psycopg|sqlite3\.|(?:Operational|Integrity|Programming)Error|"
    rb"DataError|SELECT .{1,200} FROM \"|INSERT INTO \"|UPDATE \"\w+\" SET"
)
WRITING = re.compile(r"\s*(INSERT|UPDATE|DELETE|REPLACE)", re.IGNORECASE)
# What asking alone writes: who was there, how often, and what went wrong.
COUNTED = re.compile(
    r"sessions\.|axes\.|commitments\.(AuditEvent|ApiKey)$|tracker\.(Knock|Wish)$"
)
NOT_SENT = ("/admin/logout/",)


@pytest.fixture
def key(db):
    """A key that may do all that keys may."""
    at = timezone.now()
    ends, scopes = at + timedelta(days=1), ApiScope.values
    return services.make_key(name="bad", scopes=scopes, expires_at=ends, at=at)


@pytest.fixture
def record(today):
    record = records.small()
    services.write_checkpoint(at=records.moment(9, 3))
    work_at_the_desk(Planted(record), is_answered=False)
    wish()
    return record


@pytest.fixture
def site(record, boss, send, settings):  # noqa: F811
    settings.REQUIRE_MFA = False
    settings.API_RATE = settings.API_KEY_RATE = 0
    return record


def rows():
    return {
        model._meta.label: sorted(map(repr, model._base_manager.values_list()))
        for model in apps.get_models()
        if not COUNTED.match(model._meta.label)
    }


def pages(site, client):
    """Yield every page that opens, with its forms."""
    kept = client.cookies.output(header="", sep=";")
    for route in routes.routes(routes.known(site)):
        client.cookies = SimpleCookie(kept)
        if route.pattern.startswith(routes.TWINS) or route.path in NOT_SENT:
            continue
        answer = client.get(route.path)
        body = b"".join(answer)
        if answer.status_code == 200 and "html" in answer.get("Content-Type", ""):
            yield route, forms.posted(body, route.path)
    client.cookies = SimpleCookie(kept)


def of_forms(found, client, chance):
    """Yield sendings of a form with one field, or all, of bad values."""
    every = [(f, name) for f in found for name in (*f.values, *f.files, None)]
    while True:
        form, name = chance.choice(every)
        values = dict(form.values)
        if name is None:
            values = {n: chance.choice(corpus.VALUES) for n in values}
        elif name in form.files:
            called = chance.choice(list(corpus.FILES))
            content = chance.choice(corpus.FILES[called])
            values[name] = SimpleUploadedFile(called, content)
        else:
            values[name] = chance.choice(corpus.VALUES)
        if form.buttons:
            pressed, says = chance.choice(form.buttons)
            values[pressed] = says
        yield f"{form.action} {name}", lambda f=form, v=values: client.post(f.action, v)


def of_headers(addresses, client, chance):
    while True:
        name = chance.choice(list(corpus.HEADERS))
        value, path = chance.choice(corpus.HEADERS[name]), chance.choice(addresses)
        headers = {name.lower(): value}
        yield (
            f"{path} {name}: {value!r}",
            lambda p=path, h=headers: client.get(p, headers=h),
        )


def of_queries(addresses, client, chance):
    names = [*("q", "status", "as_of", "known_at", "page", "sort", "cursor", "limit"),
             *("fields", "before", "from", "o", "p", "e", "next", "url", "_popup")]  # fmt: skip
    while True:
        name, value = chance.choice(names), chance.choice(corpus.VALUES)
        path = chance.choice(addresses)
        query = f"{name}={quote(value, errors='surrogatepass')}"
        yield f"{path}?{query[:100]}", lambda p=path, q=query: client.get(f"{p}?{q}")


def of_places(addresses, client, chance):
    """Yield addresses with a part that nobody made."""
    while True:
        parts = chance.choice(addresses).strip("/").split("/")
        parts[chance.randrange(len(parts))] = quote(chance.choice(corpus.VALUES)[:500])
        path = "/" + "/".join(parts) + "/"
        yield path[:200], lambda p=path: client.get(p)


def of_bodies(send, chance):  # noqa: F811
    contract = json.loads(routes_contract())
    while True:
        method, path, takes = chance.choice(WRITES)
        if not takes or chance.random() < 0.3:
            body = chance.choice(corpus.BODIES)
            yield f"{method} {path}", lambda m=method, p=path, b=body: send(m, p, b)
            continue
        content = contract["paths"][path][method.lower()]["requestBody"]["content"]
        name = content["application/json"]["schema"]["$ref"].rpartition("/")[2]
        fields = contract["components"]["schemas"][name]["properties"]
        bad = [*corpus.VALUES, *corpus.WRONG_TYPES]
        values = {n: chance.choice(bad) for n in fields if chance.random() < 0.5}
        body = json.dumps(values)
        yield (
            f"{method} {path} {list(values)}",
            lambda m=method, p=path, b=body: send(m, p, b),
        )


def routes_contract():
    from tests.tracker.api.test_fuzz import CONTRACT

    return CONTRACT.read_text()


class Watched:
    """Says whether a statement wrote something."""

    def __init__(self):
        self.wrote = False

    def __call__(self, execute, sql, params, many, context):
        self.wrote = self.wrote or bool(WRITING.match(sql))
        return execute(sql, params, many, context)


def wrong_with(act, watched, before):
    """Make a call and take it back; return what was wrong with its answer."""
    watched.wrote = False
    answer = act()
    body = b"".join(answer) if answer.streaming else answer.content
    found = []
    if answer.status_code >= 500 and answer.status_code != 501:
        found.append(f"answers {answer.status_code}")
    if INSIDE.search(body):
        found.append(f"tells {INSIDE.search(body)[0]!r}")
    if watched.wrote and answer.status_code >= 400 and rows() != before:
        found.append("is refused and changed something")
    return answer.status_code, found


def test_no_bad_value_anywhere_breaks_or_changes_anything(site, boss, send):  # noqa: F811
    chance, opened = random.Random(SEED), list(pages(site, boss))
    addresses = [route.path for route, _ in opened]
    found = [form for _, some in opened for form in some if form.action not in NOT_SENT]
    reader = Client(raise_request_exception=False)
    kinds = [
        of_forms(found, boss, chance),
        of_forms(found, boss, chance),
        of_forms([f for f in found if "/admin/" not in f.action], reader, chance),
        of_headers(addresses, reader, chance),
        of_queries(addresses, boss, chance),
        of_places(addresses, boss, chance),
        of_bodies(send, chance),
    ]
    kept, before = boss.cookies.output(header="", sep=";"), rows()
    watched, wrong, codes = Watched(), [], {}
    turns = itertools.islice(itertools.cycle(kinds), CALLS)
    with connection.execute_wrapper(watched):
        for number, turn in enumerate(turns, 1):
            told, act = next(turn)
            saved = transaction.savepoint()
            code, faults = wrong_with(act, watched, before)
            codes[code] = codes.get(code, 0) + 1
            wrong += [f"{told[:300]} {fault}" for fault in faults]
            transaction.savepoint_rollback(saved)
            boss.cookies, reader.cookies = SimpleCookie(kept), SimpleCookie()
            if number % 20 == 0 and reader.get("/commitments/").status_code != 200:
                wrong.append(f"{told[:300]} spoils the next good request")
    print(
        f"{CALLS} calls on {connection.vendor}, seed {SEED}: {dict(sorted(codes.items()))}"
    )
    assert wrong == []
    assert rows() == before
    assert len(found) > 60 and sum(len(form.values) for form in found) > 300
