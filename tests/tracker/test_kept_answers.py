"""The cache around the real application, on the real database."""

import brotli
import pytest
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.db import connections, transaction
from django.templatetags.static import static
from django.test import Client

from commitments.models import Commitment
from tests.factories import assess
from tests.tracker import record
from tests.tracker.test_answer_cache import asked, given
from tracker.answer_cache import AnswerCache, VersionReader

pytestmark = pytest.mark.django_db(transaction=True)

PAGES = [
    "/",
    "/commitments/",
    "/commitments/?status=announced&sort=due",
    "/commitments/?q=pact&view=cards",
    "/commitments/?as_of=2026-04-01",
    "/commitments/cut-the-list/",
    "/changes/",
    "/compare/",
    "/method/",
    "/about/",
    "/freshness/",
    "/claim-evidence-gap/",
    "/feeds/changes.atom",
    "/embed/cut-the-list/",
    "/sitemap.xml",
    "/api/v1/commitments/",
    "/api/v1/commitments/?limit=2&status=announced",
    "/api/v1/commitments/join-the-pact/",
    "/api/v1/changes/?after=3",
    "/api/v1/stats/",
]
# Whatever a header says of hosts and addresses, the answer stays the same.
POISON = {
    "x_forwarded_host": "evil.example",
    "x_forwarded_server": "evil.example",
    "x_host": "evil.example",
    "forwarded": "host=evil.example;proto=https",
    "x_original_url": "/admin/",
    "x_rewrite_url": "/admin/",
    "x_http_method_override": "POST",
    "x_forwarded_prefix": "/evil",
    "x_forwarded_port": "1",
    "accept_language": "zh-hans",
    "user_agent": "evil.example",
    "referer": "https://evil.example/",
}


@pytest.fixture
def small(transactional_db):
    return record.small()


@pytest.fixture
def cache():
    reader = VersionReader()
    yield AnswerCache(get_wsgi_application(), most=10_000_000, version=reader)
    reader.close()
    connections.close_all()


def at(address, **headers):
    path, _, query = address.partition("?")
    return asked(path, query, **{"host": "testserver", **headers}) | {
        "SERVER_NAME": "testserver",
        "SERVER_PORT": "80",
    }


def test_every_page_is_the_same_kept_and_not_kept(small, cache):
    for address in PAGES:
        uncached = Client().get(address)
        asks = at(address), at(address)
        first, second = (given(cache, one) for one in asks)

        assert first == second, address
        assert [one["tracker.cache"] for one in asks] == ["miss", "hit"], address
        assert asks[0]["tracker.route"] == asks[1]["tracker.route"] != "none", address
        assert first[0] == "200 OK", address
        assert first[2] == uncached.content, address
        for name in ("Content-Type", "Cache-Control", "Content-Security-Policy"):
            assert first[1].get(name) == uncached.headers.get(name), (address, name)


@pytest.fixture
def collected(settings, tmp_path):
    """The folder of the static files, as they are served; before the ``cache``."""
    settings.STATIC_ROOT = tmp_path
    settings.STATICFILES_FINDERS = [
        "django.contrib.staticfiles.finders.FileSystemFinder"
    ]
    served = "whitenoise.storage.CompressedManifestStaticFilesStorage"
    settings.STORAGES = settings.STORAGES | {"staticfiles": {"BACKEND": served}}
    settings.WHITENOISE_AUTOREFRESH = settings.WHITENOISE_USE_FINDERS = False
    call_command("collectstatic", "--noinput", verbosity=0)
    return tmp_path


def test_style_script_and_icon_are_kept_as_pages_are(collected, cache):
    for name in ("tracker.css", "tracker.js", "icon.svg"):
        address = static(name)
        asks = [at(address, accept_encoding="br") for _ in range(2)]
        first, second = (given(cache, one) for one in asks)
        plain = given(cache, at(address))
        held = given(cache, at(address, if_none_match=plain[1]["ETag"]))

        assert first == second
        assert [one["tracker.cache"] for one in asks] == ["miss", "hit"]
        assert plain[2] == (collected / address.removeprefix("/static/")).read_bytes()
        assert "immutable" in plain[1]["Cache-Control"]
        if first[1].get("Content-Encoding"):
            assert brotli.decompress(first[2]) == plain[2]
            assert first[1]["ETag"] != plain[1]["ETag"]
        assert held[0] == "304 Not Modified"
        # A part of a file is not kept, and is what was asked for.
        part = given(cache, at(address, range="bytes=2-5"))
        assert (part[0][:3], part[2]) == ("206", plain[2][2:6])


def test_no_unkeyed_header_reaches_an_answer(small, cache):
    for address in PAGES:
        poisoned = given(cache, at(address, **POISON))

        assert "evil" not in repr(poisoned), address
        assert poisoned[2] == Client().get(address).content, address
        assert given(cache, at(address)) == poisoned, address


def test_no_charset_of_a_body_that_is_not_there_reaches_an_answer(small, cache):
    address = "/commitments/?q=%E8%87%AA%E8%B4%B8"
    for named in ("text/plain; charset=iso-8859-1", "a/b; charset=hex"):
        poisoned = given(cache, at(address) | {"CONTENT_TYPE": named})

        assert 'value="自贸"' in poisoned[2].decode(), named
        assert given(cache, at(address)) == poisoned, named
        cache.generation.answers.clear()


def test_a_host_that_is_not_ours_is_refused_and_not_kept(small, cache, settings):
    settings.ALLOWED_HOSTS = ["testserver"]
    given(cache, at("/"))

    for _ in range(2):
        assert given(cache, at("/", host="evil.example"))[0].startswith("400")
    assert len(cache.generation.answers) == 1


def test_a_change_of_the_record_is_seen_by_the_next_request(small, cache):
    address = "/api/v1/commitments/build-a-zone/"
    before = given(cache, at(address))[2]
    assess(small.gap, status="under_way", at=record.moment(9, 3))

    after = given(cache, at(address))[2]

    assert b'"status":"announced"' in before
    assert b'"status":"under_way"' in after


def test_what_is_not_committed_yet_is_in_no_answer(small, cache):
    before = given(cache, at("/commitments/build-a-zone/"))
    with transaction.atomic():
        assess(small.gap, status="under_way", at=record.moment(9, 3))
        # Another connection, as another process would be.
        assert cache.version() == cache.generation.epoch[0]
        transaction.set_rollback(True)

    assert given(cache, at("/commitments/build-a-zone/")) == before


def test_readers_are_not_given_the_page_of_somebody_signed_in(small, cache):
    somebody = get_user_model().objects.create_superuser("ada", password="x")
    client = Client()
    client.force_login(somebody)
    cookie = f"sessionid={client.cookies['sessionid'].value}"
    public = given(cache, at("/"))[2]

    given(cache, at("/", cookie=cookie))

    assert given(cache, at("/"))[2] == public
    assert given(cache, at("/admin/", cookie=cookie))[0] != ""
    assert {key[0][4] for key in cache.generation.answers} == {"/"}


def test_errors_and_missing_pages_are_not_kept(small, cache):
    for address in ("/nothing/", "/commitments/?status=no", "/api/v1/commitments/no/"):
        for _ in range(2):
            assert given(cache, at(address))[0][:3] in ("400", "404")
    assert not cache.generation.answers


def test_a_connection_that_was_cut_is_opened_anew(small, cache):
    first = cache.version()
    cache.version.wrapper.connection.close()

    assert cache.version() == first


def test_what_is_kept_is_given_without_reading_the_record(small, cache):
    given(cache, at("/commitments/"))
    Commitment.objects.update(title="Changed past the services")

    assert b"past the services" not in given(cache, at("/commitments/"))[2]
