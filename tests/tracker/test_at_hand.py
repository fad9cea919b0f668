"""What the cache has at hand: given without waiting for anything but the version."""

import pytest
from django.db import OperationalError

from .counting_site import Site, asked, given


@pytest.fixture
def site():
    return Site()


def test_what_is_at_hand_is_given_without_computing(site):
    cache, ask = site.cache(), asked("/a")

    assert given(cache.at_hand(), asked("/a")) is None
    computed = given(cache, asked("/a"))
    assert given(cache.at_hand(), ask) == computed
    assert (ask["tracker.cache"], ask["tracker.route"]) == ("hit", "a-route")
    held = asked("/a", if_none_match=computed[1]["ETag"])
    assert given(cache.at_hand(), held)[0] == "304 Not Modified"
    assert site.computed == 1


@pytest.mark.parametrize(
    "other",
    [
        asked("/b"),
        asked("/a", method="POST"),
        asked("/a", cookie="sessionid=1"),
        # Compressing takes work.
        asked("/a", accept_encoding="gzip"),
    ],
)
def test_what_takes_work_is_not_at_hand(site, other):
    site.body = "x" * 1000
    cache = site.cache()
    given(cache, asked("/a"))

    assert given(cache.at_hand(), other) is None
    assert site.computed == 1
    assert "tracker.cache" not in other


def test_nothing_of_an_older_version_is_at_hand(site):
    cache = site.cache()
    given(cache, asked("/a"))
    site.version += 1

    assert given(cache.at_hand(), asked("/a")) is None
    site.version = OperationalError()
    given(cache, asked("/a"))
    assert given(cache.at_hand(), asked("/a")) is None


def test_who_asks_together_shares_one_read_of_the_version(site):
    cache = site.cache()
    given(cache, asked("/a"))
    read = site.reads
    look = cache.at_hand()
    assert given(look, asked("/a", cookie="sessionid=1")) is None
    assert site.reads == read

    first = given(look, asked("/a"))
    site.version += 1
    assert given(look, asked("/a")) == first
    assert site.reads == read + 1
    assert given(cache.at_hand(), asked("/a")) is None


def test_switched_off_nothing_is_at_hand(site):
    cache = site.cache(most=0)
    given(cache, asked("/a"))

    assert given(cache.at_hand(), asked("/a")) is None
