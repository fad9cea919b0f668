"""The cache around the application: what it keeps, for whom, and for how long."""

import gzip
import threading
from concurrent.futures import ThreadPoolExecutor

import brotli
import pytest
from django.db import OperationalError

from tracker.kept_answers import normalised

from .counting_site import DAY, Site, asked, given


@pytest.fixture
def site():
    return Site()


def test_an_answer_is_computed_once_and_given_alike(site):
    cache = site.cache()

    asks = [asked("/a"), asked("/a"), asked("/a", method="POST")]

    first, second, _ = (given(cache, one) for one in asks)

    assert first == second
    assert first[2] == b"x 1 /a"
    assert [one["tracker.cache"] for one in asks] == ["miss", "hit", "pass"]
    assert [one["tracker.route"] for one in asks[:2]] == ["a-route", "a-route"]


@pytest.mark.parametrize(
    "other",
    [
        asked("/b"),
        asked("/a", "q=1"),
        asked("/a", host="other.example"),
        asked("/a", x_forwarded_proto="https"),
    ],
)
def test_what_is_in_the_key_tells_answers_apart(site, other):
    cache = site.cache()
    given(cache, asked("/a"))

    given(cache, other)

    assert site.computed == 2


def test_a_new_version_or_day_computes_anew_and_lets_the_old_go(site):
    cache = site.cache()
    for _ in range(2):
        given(cache, asked("/a"))
    site.version = 2
    given(cache, asked("/a"))
    site.now += DAY
    given(cache, asked("/a"))

    assert site.computed == 3
    assert len(cache.generation.answers) == 1


def test_a_version_set_back_by_a_restore_computes_anew(site):
    cache, site.version = site.cache(), 7
    given(cache, asked("/a"))
    site.version = 3

    assert given(cache, asked("/a"))[2] == b"x 2 /a"


def test_what_is_computed_while_the_record_changes_is_not_kept_as_new(site):
    cache = site.cache()

    def publish():
        site.version = 2

    site.before_answer = publish
    given(cache, asked("/a"))
    site.before_answer = lambda: None

    assert given(cache, asked("/a"))[2] == b"x 2 /a"


@pytest.mark.parametrize(
    "request_of_one",
    [
        asked("/a", cookie="sessionid=abc"),
        asked("/a", cookie="_ga=1; csrftoken=abc"),
        asked("/a", cookie='messages="[]"'),
        asked("/a", authorization="Bearer abc"),
        asked("/a", method="POST"),
        asked("/a", range="bytes=0-10"),
        asked("/admin/"),
        asked("/healthz/ready"),
        asked("/a", "q=" + "x" * 3000),
        asked("/a", "q=%ff"),
        asked("/a", "q=%00"),
    ],
)
def test_what_is_of_one_reader_is_neither_kept_nor_given(site, request_of_one):
    cache = site.cache()
    given(cache, asked(request_of_one["PATH_INFO"]))
    before = site.computed

    given(cache, request_of_one)
    given(cache, request_of_one)

    assert site.computed == before + 2
    # And it is passed on as it came.
    assert site.seen is request_of_one


@pytest.mark.parametrize(
    ("status", "headers"),
    [
        ("200 OK", []),
        ("200 OK", [("Cache-Control", "private")]),
        ("200 OK", [("Cache-Control", "public, no-store")]),
        ("200 OK", [("Cache-Control", "public"), ("Set-Cookie", "a=b")]),
        ("200 OK", [("Cache-Control", "public"), ("Vary", "User-Agent")]),
        ("404 Not Found", [("Cache-Control", "public")]),
        ("500 Server Error", [("Cache-Control", "public")]),
    ],
)
def test_what_does_not_say_it_is_for_everybody_is_not_kept(site, status, headers):
    site.status, site.headers = status, headers
    cache = site.cache()
    for _ in range(2):
        given(cache, asked("/a"))

    assert site.computed == 2
    assert not cache.generation.answers


def test_cookies_that_others_set_make_nobody_a_person(site):
    """Proxies of content networks give one to every reader."""
    cache = site.cache()
    first = given(cache, asked("/a", cookie="__cf_bm=1"))

    assert given(cache, asked("/a", cookie="_ga=2; __cf_bm=3")) == first
    assert given(cache, asked("/a")) == first
    assert site.computed == 1
    assert "HTTP_COOKIE" not in site.seen


@pytest.mark.parametrize(
    ("path", "directives", "times"),
    [
        ("/static/a.0123456789ab.css", "max-age=315360000, public, immutable", 1),
        ("/static/a.css", "max-age=60, public", 2),
        ("/static/a.css", "max-age=0, public", 2),
        ("/data/releases/1.0/a.zip", "public, max-age=31536000, immutable", 2),
    ],
)
def test_of_what_never_changes_only_static_files_are_kept(
    site, path, directives, times
):
    site.headers = [("Cache-Control", directives), ("Vary", "Accept-Encoding")]
    cache = site.cache()
    first, second = (given(cache, asked(path)) for _ in range(2))

    assert site.computed == times
    assert (first == second) == (times == 1)
    assert first[1]["Cache-Control"] == directives
    assert first[1]["Vary"].lower() == "accept-encoding"


def test_headers_outside_the_key_never_reach_the_application(site):
    cache = site.cache()
    given(
        cache,
        asked(
            "/a",
            x_forwarded_host="evil.example",
            x_host="evil.example",
            x_original_url="/b",
            forwarded="host=evil.example",
            user_agent="<script>",
            referer="https://evil.example",
            accept_language="zh",
            accept="text/csv",
            x_forwarded_for="192.0.2.9",
            x_request_id="abc",
        ),
    )

    reached = {name for name in site.seen if name.startswith("HTTP_")}
    assert reached == {"HTTP_HOST", "HTTP_X_FORWARDED_FOR", "HTTP_X_REQUEST_ID"}


def test_the_api_tells_forms_and_origins_apart(site):
    cache = site.cache()
    asks = [
        asked("/api/v1/", accept="application/json"),
        asked("/api/v1/", accept="text/csv"),
        asked("/api/v1/", accept="text/csv", origin="https://page.example"),
        asked("/api/v1/", accept="text/csv", origin="https://other.example"),
    ]

    assert [given(cache, one)[2][2:3] for one in asks] == [b"1", b"2", b"3", b"3"]


def test_a_query_is_one_however_it_is_spelt(site):
    cache = site.cache()
    given(cache, asked("/a", "b=%e5%bc%80&a=1+2&a=0"))
    given(cache, asked("/a", "b=%E5%BC%80&a=1%202&a=0"))

    assert site.computed == 1
    assert site.seen["QUERY_STRING"] == "b=%E5%BC%80&a=1+2&a=0"
    assert normalised("a=&b") == "a=&b="


def test_what_tells_one_client_of_itself_is_not_told_to_others(site):
    site.headers += [("RateLimit", "r=9"), ("X-Request-ID", "abc")]
    cache = site.cache()

    first = given(cache, asked("/a"))[1]
    second = given(cache, asked("/a"))[1]

    assert (first["RateLimit"], first["X-Request-ID"]) == ("r=9", "abc")
    assert "RateLimit" not in second and "X-Request-ID" not in second


def test_a_client_that_holds_the_answer_is_told_so(site):
    cache = site.cache()
    tag = given(cache, asked("/a"))[1]["ETag"]

    for value in (tag, f'"other", {tag}', f"W/{tag}", "*"):
        status, headers, body = given(cache, asked("/a", if_none_match=value))
        assert (status, body) == ("304 Not Modified", b"")
        assert headers["ETag"] == tag and "Content-Length" not in headers
    assert given(cache, asked("/a", if_none_match='"other"'))[0] == "200 OK"


def test_a_client_may_ask_by_the_time_of_the_last_change(site):
    site.headers.append(("Last-Modified", "Tue, 24 Nov 2026 12:00:00 GMT"))
    cache = site.cache()
    later, earlier = "Wed, 25 Nov 2026 12:00:00 GMT", "Mon, 23 Nov 2026 12:00:00 GMT"

    assert given(cache, asked("/a", if_modified_since=later))[0][:3] == "304"
    assert given(cache, asked("/a", if_modified_since=earlier))[0][:3] == "200"
    assert given(cache, asked("/a", if_modified_since="yesterday"))[0][:3] == "200"


def test_each_encoding_is_the_same_answer_under_a_tag_of_its_own(site):
    site.body = "word " * 500
    cache = site.cache()
    plain = given(cache, asked("/a"))
    packed = given(cache, asked("/a", accept_encoding="gzip"))
    smaller = given(cache, asked("/a", accept_encoding="gzip, deflate, br"))
    refused = given(cache, asked("/a", accept_encoding="br;q=0, gzip;q=0.0"))

    assert site.computed == 1
    assert gzip.decompress(packed[2]) == brotli.decompress(smaller[2]) == plain[2]
    assert refused == plain
    assert len({one[1]["ETag"] for one in (plain, packed, smaller)}) == 3
    for _, headers, body in (plain, packed, smaller):
        assert headers["Content-Length"] == str(len(body))
        assert "accept-encoding" in headers["Vary"]
    again = given(
        cache,
        asked("/a", accept_encoding="br", if_none_match=smaller[1]["ETag"]),
    )
    assert again[0][:3] == "304"


def test_head_is_told_what_get_would_be(site):
    cache = site.cache()
    got = given(cache, asked("/a"))

    assert given(cache, asked("/a", method="HEAD")) == (got[0], got[1], b"")


def test_memory_stays_within_its_bound_and_the_longest_unused_goes_first(site):
    site.body = "y" * 4_000
    cache = site.cache(most=60_000)
    for number in range(40):
        given(cache, asked(f"/{number}"))
        given(cache, asked("/0"))

    held = [key[0][4] for key in cache.generation.answers]
    assert sum(kept.size for kept in cache.generation.answers.values()) <= 60_000
    assert cache.generation.size <= 60_000
    assert "/0" in held and "/39" in held and "/1" not in held


def test_an_answer_too_large_for_the_memory_is_passed_on(site):
    site.body = "y" * 20_000
    cache = site.cache(most=60_000)

    assert len(given(cache, asked("/a"))[2]) > 20_000
    assert not cache.generation.answers


def test_many_who_ask_at_once_cause_one_computation(site):
    many = 12
    arrived, cache = threading.Semaphore(0), site.cache()
    found = cache._found

    def count(*args):
        arrived.release()
        return found(*args)

    cache._found = count

    def hold():
        for _ in range(many):
            assert arrived.acquire(timeout=20)

    site.before_answer = hold
    with ThreadPoolExecutor(many) as pool:
        bodies = list(pool.map(lambda _: given(cache, asked("/a"))[2], range(many)))

    assert set(bodies) == {b"x 1 /a"}


def test_those_who_waited_for_a_failure_are_answered_each(site):
    cache = site.cache()

    def fail():
        if site.computed == 1:
            raise RuntimeError("The first one fails.")

    site.before_answer = fail
    with pytest.raises(RuntimeError):
        given(cache, asked("/a"))

    assert given(cache, asked("/a"))[2] == b"x 2 /a"
    assert not cache.generation.computing


def test_a_database_that_is_away_leaves_what_is_kept_readable(site):
    cache = site.cache()
    kept = given(cache, asked("/a"))
    site.version = OperationalError("The database has gone away.")

    assert given(cache, asked("/a")) == kept
    given(cache, asked("/b"))
    given(cache, asked("/b"))
    # Computed each time: nobody knows of which version it is.
    assert site.computed == 3


def test_switched_off_it_passes_everything_on(site):
    cache = site.cache(most=0)
    for _ in range(2):
        given(cache, asked("/a"))

    assert site.computed == 2
