"""Every parameter that any page, file or list reads, with values nobody means well by.

Which there are is not written here: each address is asked once while it is listened to
for the names it looks up. So a new filter is tried with all the others.
"""

import os
from collections import defaultdict
from urllib.parse import quote, quote_from_bytes

import pytest
from django.http import QueryDict
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from commitments import services
from tests.security import routes
from tests.tracker import record as records
from tracker import browse
from tracker.releases import making

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(7200)]
EXAMPLES = int(os.environ.get("EXAMPLES", "3"))
# The desk, its doors, files of the program, and how the process is.
NOT_ASKED = ("admin/", "static/", "healthz/", routes.TWINS)
HOSTILE = [
    *("", " ", "\0", "a\0b", "-", "--", "-" * 50, "null", "undefined", "NaN", "true"),
    *(
        "0",
        "-1",
        "1e999",
        "9" * 19,
        "9" * 400,
        "-" + "9" * 400,
        "0x10",
        "1_000",
        "１２",
    ),
    *("0000-00-00", "0000-01-01", "9999-12-31", "9999-99-99", "2026-02-30", "2026-W48"),
    *("2026-1-1", "20260704", "2026-07-04T00:00", "2026-07-04.9" + "9" * 30),
    *('"*" NEAR(', '"', "*", "a* OR b", "NOT", 'q" AND (', "title:x", "^x", "{a b}:c"),
    *("'; DROP TABLE x; --", "%' OR 1=1", "\\", "%", "_", ":*", "!", "&", "|", "<->"),
    *("\u202eabc", "\u2066x", "\ufeff", "\u200b", "e\u0301" * 60, "🐉", "\U0010ffff"),
    *("加入", "<script>alert(1)</script>", "{{7*7}}", "${jndi:x}", "../../etc/passwd"),
    *(
        "x" * 201,
        "x" * 10_000,
        "a " * 90,
        "\r\nSet-Cookie: a=b",
        "[]",
        '{"a":1}',
        "a,b",
    ),
    *("https://evil.example/", "//evil.example", "file:///etc/passwd", "http://[::1"),
]
BYTES = [b"\xff\xfe", b"\xed\xa0\x80", b"\xc3\x28", b"\xf0\x28\x8c\x28", b"%", b"\x80"]
values = st.one_of(
    st.sampled_from(HOSTILE).map(quote),
    st.sampled_from(BYTES).map(quote_from_bytes),
    st.text(max_size=40).map(quote),
    st.integers().map(str),
    st.dates().map(str),
)
few = settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    derandomize="SEED" not in os.environ,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture
def heard(client, record, monkeypatch, settings):
    """Return which parameters each public address reads: {address: names}."""
    settings.API_RATE = settings.API_KEY_RATE = 0
    services.write_checkpoint(at=records.moment(9, 3))
    making.make_release(at=records.moment(10, 1))
    found, now = defaultdict(set), []

    def listened(method):
        def ask(self, name, *args):
            if now:
                found[now[-1]].add(name)
            return method(self, name, *args)

        return ask

    with monkeypatch.context() as patch:
        for name in ("get", "getlist", "__getitem__", "__contains__"):
            patch.setattr(QueryDict, name, listened(getattr(QueryDict, name)))
        for route in routes.routes(routes.known(record)):
            if route.pattern.startswith(NOT_ASKED):
                continue
            # Past days, too: what is only read of them is heard.
            for query in ("", "?as_of=2026-07-05"):
                now.append(route.path)
                b"".join(client.get(route.path + query))
                now.clear()
    return found


def is_answered(client, address):
    answer = client.get(address)
    body = b"".join(answer)
    # What oEmbed asks to be told of a form that is not there.
    is_unknown_form = address.startswith("/oembed/") and answer.status_code == 501
    assert answer.status_code < 500 or is_unknown_form, address
    assert b"Traceback" not in body, address
    if answer.status_code < 400:
        return
    kind = answer["Content-Type"]
    if address.startswith("/api/"):
        assert kind == "application/problem+json", (address, kind)
        return
    assert len(body) > 20, address
    if kind.startswith("text/html") and "/embed/" not in address:
        text = body.decode()
        assert "<h1" in text and "noindex" in text, address
    assert b"<script>alert" not in body and b"\nSet-Cookie" not in body, address


def test_the_filters_that_are_known_are_heard(heard):
    """What listens hears: the filters of the list, of changes and of the API."""
    assert {*browse.PARAMETERS, "view", "page"} <= heard["/commitments/"]
    assert {"entry", "material", "order", "before"} <= heard["/changes/"]
    assert {*browse.PARAMETERS, "cursor", "limit", "fields", "expand"} <= heard[
        "/api/v1/commitments/"
    ]
    assert {"grade", "official", "language"} <= heard["/api/v1/evidence/"]
    assert {"after", "limit"} <= heard["/api/v1/changes/"]
    assert "from" in heard["/compare/"] and "url" in heard["/oembed/"]
    assert sum(map(len, heard.values())) > 400


def tried(strategy, hold):
    """Hold to a few values of a strategy."""
    few(given(strategy)(lambda value: hold(value)))()


def test_no_value_of_any_filter_breaks_an_answer(client, heard):
    count = 0
    for path, names in heard.items():
        for name in sorted(map(str, names)):
            start = f"{path}?{quote(name)}="
            tried(values.map(start.__add__), lambda asked: is_answered(client, asked))
            count += 1
    assert count > 400


def test_no_mixture_of_filters_breaks_an_answer(client, heard):
    """Several at once, some given twice, beside a name that nobody knows."""
    for path, names in heard.items():
        known = st.sampled_from(sorted(map(str, names)) or ["x"]).map(quote)
        part = st.tuples(known, values).map("=".join)
        query = st.lists(part, min_size=2, max_size=5).map("&".join)
        with_odd = st.tuples(values.map("{}=1".format), query).map("&".join)
        start = f"{path}?"
        for asked in (query, with_odd):
            tried(
                asked.map(start.__add__), lambda address: is_answered(client, address)
            )


def test_every_hostile_value_is_answered_by_a_search(client, heard):
    """What reaches the full-text index of a database, each of them."""
    for path in ("/commitments/", "/changes/", "/api/v1/history/"):
        for value in HOSTILE:
            is_answered(client, f"{path}?q={quote(value)}")
            is_answered(client, f"{path}?q={quote(value)}&known_at=2026-07-05")
