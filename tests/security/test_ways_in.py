"""Passwords that others know, codes that are old, and many sessions of one person."""

import gzip
import re
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from django.contrib.auth.password_validation import CommonPasswordValidator
from django.test import Client
from django.utils import timezone

from tests.commitments.signing_in import (
    CODE,
    HOME,
    PASSWORD,
    code_of,
    give_password,
    sign_in,
    staff,
    with_device,
)

pytestmark = pytest.mark.django_db
ACCOUNTS = Path(__file__).parents[2] / "docs" / "accounts.md"
CHANGE = "/admin/password_change/"
NEW = "quite another phrase"


def is_in(client):
    return client.get(HOME).status_code == 200


def test_a_password_set_for_a_forgotten_one_does_not_open_past_the_second_factor(
    client, settings
):
    settings.REQUIRE_MFA = True
    user, now = staff("ada"), timezone.now()
    with_device(user, now)
    key, _ = with_device(staff("boss", "administrator"), now)
    boss = Client()
    sign_in(boss, "boss", key)

    new = {"password1": NEW, "password2": NEW}
    set_anew = boss.post(f"/admin/auth/user/{user.pk}/password/", new)

    assert set_anew.status_code == 302
    assert give_password(client, "ada", NEW).url.startswith(CODE)
    assert not is_in(client)


@pytest.mark.parametrize("path", ["password_reset/", "reset/MQ/abc-def/"])
def test_nobody_gives_themselves_a_password_by_mail(client, path):
    for start in ("/admin/", "/", "/accounts/"):
        assert client.get(f"{start}{path}").status_code in (302, 404)
        assert "password_reset" not in client.get(HOME, follow=True).content.decode()


@pytest.mark.parametrize(("steps", "opens"), [(-3, False), (0, True), (2, False)])
def test_a_code_of_the_app_is_good_for_its_moment(client, settings, steps, opens):
    settings.REQUIRE_MFA = True
    user = staff()
    with time_machine.travel(timezone.now(), tick=False) as clock:
        # Set up with a code of the step before: its clock counts as that late.
        key, _ = with_device(user, timezone.now())
        clock.shift(timedelta(minutes=5))
        give_password(client)

        client.post(CODE, {"code": code_of(key, steps)})

        assert is_in(client) == opens


@pytest.mark.parametrize(
    "leaked",
    ["sunshine1", "Princess1", "qwertyuiop", "1q2w3e4r5t", "trustno1", "IloveYou2"],
)
def test_passwords_that_leaked_elsewhere_are_not_taken(client, settings, leaked):
    settings.REQUIRE_MFA = False
    user = staff()
    give_password(client)
    values = {"old_password": PASSWORD, "new_password1": leaked}

    page = client.post(CHANGE, {**values, "new_password2": leaked}).content.decode()

    assert "too common" in page
    user.refresh_from_db()
    assert user.check_password(PASSWORD)


def test_the_list_of_leaked_passwords_is_a_long_one():
    path = CommonPasswordValidator().DEFAULT_PASSWORD_LIST_PATH
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        long_enough = sum(len(line.strip()) >= 8 for line in lines)

    assert long_enough > 3_000


def test_one_account_may_have_several_sessions_as_the_guide_says(settings):
    settings.REQUIRE_MFA = False
    staff()
    browsers = [Client() for _ in range(3)]
    for browser in browsers:
        give_password(browser)

    said = re.sub(r"\s+", " ", ACCOUNTS.read_text(encoding="utf-8"))

    assert all(map(is_in, browsers))
    assert "One account may have several at a time." in said
