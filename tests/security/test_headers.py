"""Every answer of every address holds browsers to the strictest rules.

The points are those of Mozilla's HTTP Observatory, as its documentation of 2024 gives
them: 100 to begin with, minus what is missing, plus what is better; 100 and more is A+
only from 95 on with all of the basic rules kept, which is what is asserted here.
"""

import pytest
from csp.decorators import csp_replace
from django.contrib.auth.models import Group
from django.http import HttpResponse
from django.test import Client

from commitments import accounts, services
from config.headers import ContentPolicy
from tests.factories import UserFactory
from tests.security import routes
from tests.tracker import record as records

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(300)]
# These may be shown in frames of other sites: that is what they are for.
FRAMED = "/embed/"


@pytest.fixture
def site(settings):
    """The site as production serves it, over HTTPS."""
    settings.API_RATE = settings.API_KEY_RATE = 0
    settings.REQUIRE_MFA = False
    settings.SECURE_HSTS_SECONDS = 31_536_000
    settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = settings.SECURE_HSTS_PRELOAD = True
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True
    record = records.small()
    services.write_checkpoint(at=records.moment(9, 3))
    return record


def policy(answer):
    """The directives of an answer's Content-Security-Policy."""
    parts = answer.headers.get("Content-Security-Policy", "").split(";")
    return {p.split()[0]: p.split()[1:] for p in parts if p.strip()}


def points(answer, path):
    """Return what is wrong with an answer's headers, and its points."""
    wrong, total = [], 100
    directives = policy(answer)
    unsafe = [d for d, values in directives.items() if "'unsafe-inline'" in values]
    unsafe += [d for d, values in directives.items() if "'unsafe-eval'" in values]
    if not directives or unsafe:
        wrong.append(f"CSP: {unsafe or 'none'}")
        total -= 25
    elif directives.get("default-src") == ["'none'"]:
        total += 10
    sources = [v for values in directives.values() for v in values]
    if any(v in ("*", "https:", "http:") for v in sources if FRAMED not in path):
        wrong.append("CSP lets any host in")
        total -= 20
    strict = answer.headers.get("Strict-Transport-Security", "")
    if "max-age=31536000" not in strict or "preload" not in strict:
        wrong.append("HSTS")
        total -= 20
    else:
        total += 5
    if answer.headers.get("X-Content-Type-Options") != "nosniff":
        wrong.append("nosniff")
        total -= 5
    if answer.headers.get("Referrer-Policy") not in (
        "strict-origin-when-cross-origin",
        "same-origin",
        "no-referrer",
    ):
        wrong.append("Referrer-Policy")
        total -= 5
    else:
        total += 5
    if FRAMED not in path:
        if directives.get("frame-ancestors") not in (["'none'"], ["'self'"]):
            wrong.append("frame-ancestors")
            total -= 20
        else:
            total += 5
    resource = answer.headers.get("Cross-Origin-Resource-Policy")
    if resource not in ("same-origin", "same-site", "cross-origin"):
        wrong.append("Cross-Origin-Resource-Policy")
    elif resource == "same-origin":
        total += 10
    if answer.headers.get("Cross-Origin-Opener-Policy") != "same-origin":
        wrong.append("Cross-Origin-Opener-Policy")
    if "geolocation=()" not in answer.headers.get("Permissions-Policy", ""):
        wrong.append("Permissions-Policy")
    for cookie in answer.cookies.values():
        if cookie["max-age"] == 0:
            # It is being taken back.
            continue
        readable = cookie.key == "csrftoken" or cookie["httponly"]
        if not (cookie["secure"] and cookie["samesite"] and readable):
            wrong.append(f"cookie {cookie.key}")
            total -= 20
    return wrong, total


@pytest.mark.parametrize("role", ["anonymous", accounts.ADMINISTRATOR])
def test_every_address_answers_with_headers_worth_an_a_plus(role, site):
    client = Client()
    if role != "anonymous":
        person = UserFactory(is_staff=True, is_superuser=True)
        person.groups.add(Group.objects.get(name=role))
        client.force_login(person)
    found, least = {}, 1000
    for route in routes.routes(routes.known(site)):
        answer = client.get(route.path, secure=True)
        if answer.streaming:
            b"".join(answer)
        wrong, total = points(answer, route.path)
        least = min(least, total)
        if wrong:
            found[route.path] = wrong
    assert found == {}
    assert least >= 115


def test_pages_for_readers_set_no_cookie(site):
    client = Client()
    for route in routes.routes(routes.known(site)):
        if route.pattern.startswith(("admin/", "corrections/tell")):
            continue
        answer = client.get(route.path, secure=True)
        if answer.streaming:
            b"".join(answer)
        if not route.path.endswith("/tell/"):
            assert not answer.cookies, route.path


@pytest.mark.parametrize("debug", [False, True])
def test_the_policy_of_one_answer_is_not_that_of_the_next(rf, settings, debug):
    settings.DEBUG = debug

    def view(request):
        answer = HttpResponse()
        if request.path == "/own/":
            answer["Content-Security-Policy"] = "default-src 'self'"
        if request.path == "/nonce/":
            answer.content = str(request.csp_nonce)
        if request.path == "/framed/":
            return csp_replace({"frame-ancestors": ["*"]})(lambda _: answer)(request)
        return answer

    site = ContentPolicy(view)

    def told(path):
        return policy(site(rf.get(path)))

    plain = told("/")
    assert plain["frame-ancestors"] == ["'none'"]
    assert told("/framed/") == plain | {"frame-ancestors": ["*"]}
    assert told("/own/") == {"default-src": ["'self'"]}
    assert told("/nonce/") == told("/") == plain
