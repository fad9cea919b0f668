"""What the settings say in a process of production, where no test has set them."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
YEAR = 31_536_000
HOST = "tracker.example.org"
ASKED = """
import json, os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
import django
from django.conf import settings
from django.test import Client
django.setup()
plain = Client(headers={"host": settings.ALLOWED_HOSTS[0]})
clear, kept = plain.get("/robots.txt?a=b"), plain.get("/healthz/live", secure=True)
print(json.dumps({
    "settings": {name: getattr(settings, name) for name in sys.argv[1:]},
    "clear": [clear.status_code, clear.headers.get("Location")],
    "strict": kept.headers.get("Strict-Transport-Security"),
}))
"""
COOKIES = {
    "SESSION_COOKIE_NAME": "__Host-sessionid",
    "CSRF_COOKIE_NAME": "__Host-csrftoken",
    # Browsers take such a name with these alone.
    **dict.fromkeys(["SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE"], True),
    **dict.fromkeys(["SESSION_COOKIE_PATH", "CSRF_COOKIE_PATH"], "/"),
    **dict.fromkeys(["SESSION_COOKIE_DOMAIN", "CSRF_COOKIE_DOMAIN"]),
    "SESSION_COOKIE_HTTPONLY": True,
    **dict.fromkeys(["SESSION_COOKIE_SAMESITE", "CSRF_COOKIE_SAMESITE"], "Lax"),
}
STRICT = {
    "SECURE_HSTS_SECONDS": YEAR,
    "SECURE_HSTS_INCLUDE_SUBDOMAINS": True,
    "SECURE_HSTS_PRELOAD": True,
}


@pytest.fixture(scope="module")
def production(tmp_path_factory):
    """What a process says that knows no more than an operator has to set."""
    told = subprocess.run(
        [sys.executable, "-c", ASKED, *COOKIES, *STRICT, "DEBUG"],
        env={
            "PATH": "/usr/bin",
            "SECRET_KEY": "made-up-for-this-test-alone-" * 2,
            "ALLOWED_HOSTS": HOST,
            "TRACKER_SITE_URL": f"https://{HOST}",
            "TRACKER_DATA_DIR": str(tmp_path_factory.mktemp("data")),
        },
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return json.loads(told.stdout)


def test_cookies_are_for_this_host_over_https_alone(production):
    assert {name: production["settings"][name] for name in COOKIES} == COOKIES


def test_browsers_are_told_to_come_by_https_for_a_year(production):
    assert {name: production["settings"][name] for name in STRICT} == STRICT
    assert production["strict"] == f"max-age={YEAR}; includeSubDomains; preload"


def test_who_comes_in_the_clear_is_sent_to_https(production):
    assert production["clear"] == [301, f"https://{HOST}/robots.txt?a=b"]


def test_nothing_is_debugged(production):
    assert production["settings"]["DEBUG"] is False
