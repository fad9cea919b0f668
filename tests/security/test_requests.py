"""What another site, a proxy or a made-up address can make the tracker do."""

import json
import re
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.conf import settings as django_settings
from django.contrib import admin
from django.contrib.auth.models import Group
from django.test import Client, RequestFactory
from django.urls import URLResolver, get_resolver
from django.utils import timezone

from commitments import accounts, services
from commitments.models import ApiKey, Proposal, Suggestion
from commitments.models.api_key import ApiScope
from tests.commitments.signing_in import LOGIN, give_password, staff
from tests.factories import UserFactory
from tests.tracker import record as records
from tests.tracker.test_kept_answers import PAGES
from tracker import tip_form
from tracker.api import machines, webhooks
from tracker.models import Endpoint

pytestmark = pytest.mark.django_db
PART = re.compile(r"<(?:\w+:)?\w+>|\(\?P<\w+>(?:[^()]|\([^()]*\))*\)")
ELSEWHERE = [
    "https://evil.example/",
    "//evil.example/",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "http:evil.example",
    "javascript:alert(1)",
    "https://testserver@evil.example/",
    "https://testserver.evil.example/",
    " //evil.example",
    "/\t/evil.example",
]
CANARY = "canary-5b1f"


def views(patterns=None, before=""):
    """Every address with its view."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        here = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from views(pattern.url_patterns, here)
        else:
            yield here, pattern.callback


def address(pattern):
    return "/" + re.sub(r"[\^$]|\\Z|\\", "", PART.sub("1", pattern))


def everything(client):
    """Sign in as somebody who may do all there is."""
    accounts.ensure_groups()
    person = UserFactory(is_staff=True, is_superuser=True)
    person.groups.add(*Group.objects.all())
    client.force_login(person)


def leads_away(answer):
    host = urlsplit(answer.headers.get("Location", "")).netloc
    return host not in ("", "testserver")


def test_no_form_is_taken_from_another_site(settings):
    """The views that Django's check is not for have none or a check of their own."""
    settings.REQUIRE_MFA = False
    client = Client(enforce_csrf_checks=True)
    everything(client)
    exempt, asked = set(), 0
    for pattern, view in views():
        if getattr(view, "csrf_exempt", False):
            exempt.add(pattern)
            continue
        answer = client.post(address(pattern), {"a": "b"})
        assert answer.status_code == 403, pattern
        asked += 1
    assert asked > 100
    # The API takes keys, never cookies.
    own = {pattern for pattern in exempt if not pattern.startswith("api/v1/")}
    assert own
    away = {"sec-fetch-site": "cross-site", "origin": "https://evil.example"}
    for pattern in own:
        answer = client.post(address(pattern), {"a": "b"}, headers=away)
        assert 400 <= answer.status_code < 500, pattern


def test_the_api_takes_no_cookie_for_a_key():
    client = Client()
    everything(client)
    for path in ("proposals/", "evidence/", "webhooks/"):
        answer = client.post(f"/api/v1/{path}", "{}", content_type="application/json")
        assert answer.status_code == 401, path


@pytest.mark.parametrize("where", ELSEWHERE)
def test_signing_in_leads_nowhere_else(client, settings, where):
    settings.REQUIRE_MFA = False
    staff()
    values = {"username": "ada", "password": "a long and secret phrase", "next": where}
    assert not leads_away(client.post(LOGIN, values))
    assert not leads_away(client.post("/admin/logout/", {"next": where}))
    assert not leads_away(client.get(LOGIN, {"next": where}))


@pytest.mark.parametrize("where", ELSEWHERE)
def test_no_address_is_turned_into_one_elsewhere(client, where):
    for path in (where, f"/{where}", f"/zh-hans/{where}", f"/{where}/commitments"):
        answer = client.get("/" + path.lstrip() if path[0] not in "/\\" else path)
        assert not leads_away(answer), path
        switches = re.findall(
            r'<a[^>]*hreflang[^>]*href="([^"]*)"', str(answer.content)
        )
        assert not any(urlsplit(to).netloc for to in switches), path
    page = tip_form.clean_page(where)
    # Browsers take tabs and line breaks out of an address before they read it.
    assert page == "" or re.fullmatch(r"/([^/\\\s].*)?", page)


@pytest.mark.parametrize("host", ["evil.example", "testserver@evil.example", "a b"])
def test_another_host_is_refused(client, host):
    for path in ("/", "/api/v1/", "/sitemap.xml", LOGIN, "/feeds/changes.atom"):
        assert client.get(path, headers={"host": host}).status_code == 400


def test_nothing_a_proxy_may_say_is_believed_of_a_stranger(client):
    records.small()
    said = {"x-forwarded-host": "evil.example", "x-real-ip": CANARY, "x-user": "root"}
    for path in PAGES:
        assert client.get(path).content == client.get(path, headers=said).content, path


@pytest.mark.parametrize(
    "path", ["/", "/api/v1/", "/sitemap.xml", "/no/such/page", LOGIN, "/healthz/live"]
)
def test_every_kind_of_answer_carries_the_headers(client, settings, path):
    settings.SECURE_HSTS_SECONDS = 31_536_000
    settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = settings.SECURE_HSTS_PRELOAD = True
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True
    answer = client.get(path, secure=True)
    policy = answer["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "base-uri 'none'" in policy
    assert "frame-ancestors 'none'" in policy and "unsafe" not in policy
    strict = answer["Strict-Transport-Security"]
    assert "max-age=31536000" in strict and "includeSubDomains" in strict
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == "strict-origin-when-cross-origin"
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer["Permissions-Policy"] and answer["Cross-Origin-Resource-Policy"]
    for cookie in answer.cookies.values():
        assert cookie["secure"] and cookie["samesite"] == "Lax"


def test_the_session_is_for_the_server_alone(client, settings):
    settings.REQUIRE_MFA = False
    staff()
    cookie = give_password(client).cookies[django_settings.SESSION_COOKIE_NAME]
    assert cookie["httponly"] and cookie["samesite"] == "Lax" and cookie["path"] == "/"


def test_no_request_is_echoed(client):
    for path in ("/", "/commitments/", "/api/v1/", LOGIN):
        answer = client.generic("TRACE", path, headers={"x-canary": CANARY})
        assert CANARY.encode() not in answer.content


def test_no_answer_holds_a_secret(client, settings):
    settings.REQUIRE_MFA = False
    records.small()
    staff("ada")
    everything(client)
    secrets = [django_settings.SECRET_KEY, *_hashes()]
    paths = [*PAGES, "/healthz/ready", "/api/v1/schema/", "/llms.txt", "/no/such/page"]
    for model in admin.site._registry:
        paths.append(f"/admin/{model._meta.app_label}/{model._meta.model_name}/")
    for path in paths:
        text = b"".join(client.get(path)).decode("utf-8", "replace")
        assert not [s for s in secrets if s in text], path
        assert "Traceback" not in text, path


def _hashes():
    people = UserFactory._meta.model.objects.all()
    return [user.password for user in people if user.password.startswith("argon2")]


def test_an_error_tells_nothing_of_its_inside(client, monkeypatch):
    def broken(*args, **kwargs):
        raise RuntimeError(CANARY)

    monkeypatch.setattr("tracker.api.stats.StatsView.get", broken)
    client.raise_request_exception = False
    answer = client.get("/api/v1/stats/")
    assert answer.status_code == 500
    assert CANARY not in answer.content.decode()
    assert "Traceback" not in answer.content.decode()


@pytest.fixture
def write(client):
    """Send a body with a key that is for everything."""
    at = timezone.now()
    ends = at + timedelta(days=30)
    scopes = ApiScope.values
    _, secret = services.make_key(name="watcher", scopes=scopes, expires_at=ends, at=at)

    def write(method, path, body):
        return client.generic(
            method,
            f"/api/v1/{path}",
            json.dumps(body),
            content_type="application/json",
            headers={"authorization": f"Bearer {secret}"},
        )

    return write


def names_in(*models):
    """Every column and relation of models, under each name that it goes by."""
    fields = [field for model in models for field in model._meta.get_fields()]
    return {getattr(f, kind, f.name) for f in fields for kind in ("name", "attname")}


HOOK = {"url": "https://hook.example.org/in", "email": "owner@example.org"}


@pytest.mark.parametrize(
    ("method", "path", "model", "serializer", "body"),
    [
        ("POST", "proposals/", Proposal, machines.ProposalSerializer, {}),
        ("POST", "evidence/", Suggestion, machines.DocumentSerializer, {}),
        ("POST", "webhooks/", Endpoint, webhooks.NewEndpointSerializer, HOOK),
        (
            *("PATCH", "webhooks/{id}/", Endpoint),
            *(webhooks.ChangedEndpointSerializer, {"note": "Another"}),
        ),
    ],
)
def test_no_machine_writes_a_field_that_it_was_not_asked_for(
    write, method, path, model, serializer, body
):
    """Every column of what is made, tried on every address that takes a body."""
    other = {**HOOK, "url": "https://other.example.org/in"}
    made = write("POST", "webhooks/", other)
    assert made.status_code == 201
    path = path.format(id=made.json()["id"])
    before = list(model.objects.values())
    names = names_in(model, ApiKey) - serializer().fields.keys()
    assert len(names) > 10
    for name in names:
        answer = write(method, path, {**body, name: "1"})
        assert answer.status_code == 400, name
        assert name in [error["field"] for error in answer.json()["errors"]]
    assert list(model.objects.values()) == before
    if body:
        # What is refused above is refused for the one field.
        assert write(method, path, body).status_code in (200, 201)


# What the services alone write, on whatever model it stands.
OURS = {
    *("actor", "actor_name", "author", "digest", "previous", "prefix", "sha256"),
    *("warc", "seq", "recorded_at", "made_at", "published_at", "approver", "state"),
    *("latest_entry", "change", "text_sha256", "size", "verdict"),
}


def test_no_form_of_the_desk_has_a_field_that_services_write():
    request = RequestFactory().get("/")
    request.user = UserFactory(is_staff=True, is_superuser=True)
    found = {}
    for model, page in admin.site._registry.items():
        if not page.has_add_permission(request) and not page.has_change_permission(
            request
        ):
            continue
        fields = set(page.get_form(request).base_fields)
        if wrong := fields & OURS:
            found[model.__name__] = wrong
    assert found == {}


def test_a_field_that_a_form_does_not_have_is_not_written(client, settings):
    settings.REQUIRE_MFA = False
    ada = staff("ada")
    give_password(client)
    values = {"old_password": "a long and secret phrase", "is_superuser": "on"}
    new = "quite another phrase"
    values |= {"new_password1": new, "new_password2": new, "is_staff": "on"}
    client.post("/admin/password_change/", values)
    ada.refresh_from_db()
    assert not ada.is_superuser and ada.check_password(new)


@pytest.mark.parametrize("charset", ["hex", "idna", "utf-16", "iso-8859-1"])
def test_a_body_in_another_charset_is_refused(client, charset):
    form = f"multipart/form-data; boundary=b; charset={charset}"
    body = '--b\r\nContent-Disposition: form-data; name="address"\r\n\r\nx\r\n--b--\r\n'

    for address in ("/follow/", "/follow/mine/", LOGIN, "/api/v1/proposals/"):
        answer = client.generic("POST", address, body, content_type=form)
        assert answer.status_code == 400, address
    assert client.get("/commitments/", CONTENT_TYPE=form).status_code == 200
