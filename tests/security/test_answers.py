"""What leaves says what it is, and what came in is nothing but text in it."""

import ast
import json
import re
from html import unescape
from http.cookies import SimpleCookie
from itertools import product
from pathlib import Path
from xml.etree import ElementTree

import pytest
from django.apps import apps
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.test import Client

from commitments import accounts
from commitments.models import Commitment
from tests.factories import CommitmentFactory, UserFactory, assess
from tests.security import examples, routes
from tests.tracker import record as records
from tests.tracker.following import people
from tracker.searching import marked

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(300)]
ROOT = Path(__file__).parents[2]
UTF_8 = re.compile(r'; charset="?utf-8"?$', re.IGNORECASE)
# What is no text, or is UTF-8 by its own standard and has no such parameter.
WITHOUT_CHARSET = re.compile(
    r"image/(?!svg)[\w.-]+|application/(?!xml)(?![\w.-]+\+xml)[\w.+-]+"
)
INJECTIONS = [
    "'; DROP TABLE commitments_commitment; --",
    "x'); DELETE FROM commitments_commitment; --",
    "x' OR '1'='1",
    'x" OR "1"="1',
    "x) OR 1=1 --",
    "x' UNION SELECT password FROM auth_user --",
    "x') | 'a':* --",
    'now : x" OR a*',
    "x\\' OR 1=1 --",
]
LISTS = [
    *("/commitments/", "/changes/", "/commitments.csv", "/feeds/changes.json"),
    *("/api/v1/commitments/", "/api/v1/history/", "/api/v1/evidence/"),
]
WRONG = [
    *("/no/such/page", "/commitments/?as_of=x", "/cite/join-the-pact.bib?as_of=x"),
    *("/api/v1/commitments/?colour=red", "/oembed/?url=x", "/feeds/dates.ics?as_of=x"),
]
FILTERS = [
    *("q", "status", "pillar", "body", "partner", "topic", "sort", "as_of", "known_at"),
    *("cursor", "limit", "fields", "expand", "before", "after", "grade", "page"),
]


@pytest.fixture
def boss():
    """A browser of somebody who may do all there is."""
    accounts.ensure_groups()
    person = UserFactory(is_staff=True, is_superuser=True)
    person.groups.add(*Group.objects.all())
    client = Client(raise_request_exception=False)
    client.force_login(person)
    return client


@pytest.fixture
def addresses(site):
    """Every address, and some that are refused."""
    known = {**routes.known(site), **examples.links_of(people.follower())}
    found = [
        route.path
        for route in routes.routes(known)
        if not route.pattern.startswith(routes.TWINS)
    ]
    return [*found, *WRONG]


def answers(client, addresses, *, methods=("GET",)):
    """Ask each in each way, as somebody signed in; yield what was asked and came."""
    kept = client.cookies.output(header="", sep=";")
    for path, method in product(addresses, methods):
        # A way out is among them.
        client.cookies = SimpleCookie(kept)
        answer = client.generic(method, path)
        if answer.streaming:
            answer.streaming_content = [b"".join(answer)]
        yield path, answer


def test_every_answer_says_its_type_and_how_text_is_written(addresses, boss):
    found, seen = {}, set()
    for path, answer in answers(boss, addresses):
        kind = answer.headers.get("Content-Type", "")
        seen.add(kind)
        if not answer.getvalue() or WITHOUT_CHARSET.fullmatch(kind):
            continue
        answer.getvalue().decode("utf-8")
        if not UTF_8.search(kind):
            found[path] = kind

    assert not found
    assert len(seen) > 10


def rows():
    """All that is stored, but the sessions of who asks."""
    return {
        model._meta.label: sorted(map(repr, model._base_manager.values_list()))
        for model in apps.get_models()
        if model._meta.label != "sessions.Session"
    }


def test_no_address_changes_anything_by_being_looked_at(addresses, boss):
    before = rows()

    seen = answers(boss, addresses, methods=("GET", "HEAD"))
    codes = [answer.status_code for _, answer in seen]

    after = rows()
    assert {label for label in before if before[label] != after[label]} == set()
    assert codes.count(200) > 300


def test_an_injected_statement_is_a_word_that_is_not_found(site, client):
    person = get_user_model().objects.create_user("ada", password="x" * 12)
    there = sorted(Commitment.objects.values_list())
    for path in LISTS:
        for name in FILTERS:
            for value in INJECTIONS if name == "q" else INJECTIONS[:2]:
                answer = client.get(path, {name: value})
                text = b"".join(answer).decode()
                assert answer.status_code in (200, 400), (path, name, value)
                assert person.password not in text, (path, name, value)

    assert sorted(Commitment.objects.values_list()) == there
    for value in INJECTIONS:
        found = client.get("/api/v1/commitments/count/", {"q": value})
        assert found.json() == {"count": 0}, value


@pytest.mark.parametrize(
    ("asked", "html"),
    [
        ("zo.e", "The <mark>zo</mark>ne"),
        (".*", "The zone"),
        ("zone|the", "<mark>The</mark> <mark>zone</mark>"),
        ("[a-z]", "The <mark>z</mark>one"),
        ("(", "The zone"),
        ("zone{1", "The <mark>zone</mark>"),
    ],
)
def test_a_word_that_is_an_expression_is_looked_for_as_it_stands(asked, html):
    assert marked("The zone", asked) == html


def test_a_search_is_no_expression(client, settings):
    settings.API_RATE = 0
    CommitmentFactory(title="The axb of tariffs")

    def count(words):
        return client.get("/api/v1/commitments/count/", {"q": words}).json()["count"]

    assert count("axb") == 1
    assert count("a.b") == count("a_b") == count("a%b") == count("tar.*fs") == 0


HOSTILE = "\"'><script>alert(1)</script>&]]>"


def test_a_text_is_escaped_for_the_place_where_it_stands(client, today):
    one = CommitmentFactory(title=HOSTILE, slug="hostile", ref="1.1")
    assess(one, reason=HOSTILE.replace("<", "&lt;"), at=records.moment(7, 4))
    pages = ["/", "/commitments/", "/commitments/hostile/", "/changes/", "/compare/"]
    for path in [*pages, "/embed/hostile/", "/embed/timeline/hostile/"]:
        text = client.get(path).content.decode()
        assert "<script>alert" not in text, path
    for path in ("/feeds/changes.atom", "/embed/hostile.svg", "/sitemap.xml"):
        tree = ElementTree.fromstring(client.get(path).content)
        assert not [part for part in tree.iter() if part.tag.endswith("script")], path
    told = client.get("/api/v1/commitments/hostile/")
    assert told.json()["title"] == HOSTILE
    assert json.loads(told.content) and "json" in told["Content-Type"]


TAGS = "{{ 7|add:35 }} {% now 'Y' %} {{ settings.SECRET_KEY }} {% load nothing %}"


def test_no_text_is_run_as_a_template(client, today):
    one = CommitmentFactory(title=TAGS, slug="tags", ref="1.1")
    assess(one, reason=TAGS, at=records.moment(7, 4))

    for path in ("/commitments/tags/", "/commitments/", "/changes/"):
        assert TAGS in unescape(client.get(path).content.decode()), path


def test_templates_come_from_files_alone():
    """Nothing makes one of a string."""
    makers = {"Template", "from_string", "Engine"}
    for folder in ("commitments", "tracker", "config"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call):
                    called = getattr(node.func, "attr", getattr(node.func, "id", ""))
                    assert called not in makers, path
