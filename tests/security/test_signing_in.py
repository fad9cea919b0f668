"""What somebody can do who guesses, or holds a session that is not theirs."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.conf import settings as django_settings
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone

from tests.commitments.signing_in import HOME, LOGIN, PASSWORD, give_password, staff

pytestmark = pytest.mark.django_db
COOKIE = django_settings.SESSION_COOKIE_NAME


@pytest.fixture(autouse=True)
def one_factor(settings):
    settings.REQUIRE_MFA = False


def is_in(client):
    return client.get(HOME).status_code == 200


def same_session(client):
    """Another browser that holds the session of this one."""
    thief = Client()
    thief.cookies[COOKIE] = client.cookies[COOKIE].value
    return thief


def test_of_many_guesses_few_are_even_looked_at(client, monkeypatch):
    looked_at = []
    monkeypatch.setattr(
        ModelBackend, "authenticate", lambda *a, **values: looked_at.append(values)
    )
    staff("ada")
    for number in range(30):
        give_password(client, "ada", f"guess {number}", REMOTE_ADDR="198.51.100.7")
    assert len(looked_at) == django_settings.AXES_FAILURE_LIMIT
    for number in range(70):
        give_password(client, f"name-{number}", "x", REMOTE_ADDR="198.51.100.7")
    assert len(looked_at) == django_settings.ADDRESS_FAILURE_LIMIT


def test_an_account_is_guessed_at_from_everywhere_twenty_times_an_hour(monkeypatch):
    """And its owner goes in and out meanwhile."""
    ada = staff("ada")
    home, looked_at, rightly = "203.0.113.9", [], ModelBackend.authenticate

    def look(self, request, **values):
        if values["password"] != PASSWORD:
            looked_at.append(values)
        return rightly(self, request, **values)

    monkeypatch.setattr(ModelBackend, "authenticate", look)
    with time_machine.travel(timezone.now(), tick=False) as clock:
        give_password(Client(), "ada", REMOTE_ADDR=home)
        for number in range(300):
            clock.shift(timedelta(hours=1) / 300)
            address = f"198.51.100.{number % 60}"
            give_password(Client(), "ada", f"guess {number}", REMOTE_ADDR=address)
            if number % 50 == 49:
                owner = Client()
                give_password(owner, "ada", REMOTE_ADDR=home)
                assert owner.session["_auth_user_id"] == str(ada.pk)
    assert 5 <= len(looked_at) <= 20


def test_a_session_that_an_attacker_chose_is_not_signed_in():
    ada = staff("ada")
    # One that was made up, and one that the tracker gave the attacker.
    given = staff("bob")
    attackers = Client()
    give_password(attackers, given.username)
    for chosen in ("a" * 32, attackers.cookies[COOKIE].value):
        victim = Client()
        victim.cookies[COOKIE] = chosen
        give_password(victim)
        assert victim.session["_auth_user_id"] == str(ada.pk)
        assert victim.cookies[COOKIE].value != chosen
        holder = Client()
        holder.cookies[COOKIE] = chosen
        assert holder.session.get("_auth_user_id") != str(ada.pk)


def test_a_session_is_named_at_random(client):
    staff()
    names = set()
    for _ in range(3):
        one = Client()
        give_password(one)
        names.add(one.cookies[COOKIE].value)
    # 32 of 36 signs: 165 bits.
    assert len(names) == 3
    assert all(re.fullmatch("[a-z0-9]{32}", name) for name in names)


def test_signing_out_ends_the_session_for_whoever_holds_it(client):
    staff()
    give_password(client)
    thief = same_session(client)
    assert is_in(thief)
    client.post("/admin/logout/")
    assert not is_in(thief)


def test_who_is_made_inactive_is_out_at_once(client):
    user = staff()
    give_password(client)
    user.is_active = False
    user.save()
    assert not is_in(client)


def test_a_new_password_ends_the_other_sessions(client):
    staff()
    give_password(client)
    other = Client()
    give_password(other)
    new = "quite another phrase"
    values = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
    assert client.post("/admin/password_change/", values).status_code == 302
    assert is_in(client)
    assert not is_in(other)


def test_an_administrator_ends_anothers_sessions_with_a_new_password(client):
    user = staff("ada")
    give_password(client)
    root = Client()
    root.force_login(staff("root", None, is_superuser=True))
    new = {"password1": "quite another phrase", "password2": "quite another phrase"}
    root.post(f"/admin/auth/user/{user.pk}/password/", new)
    assert not is_in(client)


def test_nobody_stays_signed_in_for_longer_than_half_a_day(client):
    staff()
    with time_machine.travel(timezone.now(), tick=False) as clock:
        give_password(client)
        clock.shift(timedelta(hours=11, minutes=50))
        assert is_in(client)
        clock.shift(timedelta(minutes=20))
        assert not is_in(client)


def test_changing_a_password_needs_the_one_before(client):
    user = staff()
    give_password(client)
    new = "quite another phrase"
    values = {"old_password": "no", "new_password1": new, "new_password2": new}
    assert client.post("/admin/password_change/", values).status_code == 200
    user.refresh_from_db()
    assert user.check_password(PASSWORD)


def test_known_and_unknown_names_are_answered_alike(client):
    staff("ada")
    answers = set()
    for name in ("ada", "nobody"):
        answer = give_password(client, name, "wrong")
        text = answer.content.decode().replace(name, "NAME")
        answers.add(re.sub(r'csrfmiddlewaretoken" value="\w+"', "", text))
    assert len(answers) == 1


@pytest.mark.parametrize(
    "bad",
    [
        "seven77",
        "password1234",
        "iloveyou1",
        "98765432101234",
        "opening-up-tracker-1",
        "ChinaTracker2026",
        "reviewer-admin",
    ],
)
def test_passwords_that_anybody_would_try_are_refused(bad):
    with pytest.raises(ValidationError):
        validate_password(bad)


@pytest.mark.parametrize(
    "good",
    [
        "kwzmvqrt",
        "    a b   c d",
        "门窗桌椅山河湖海",
        "9 tracker of my owls",
        "x" * 60 + "y!1 " * 10,
    ],
)
def test_passwords_of_any_signs_and_length_are_taken_as_they_are(client, good):
    validate_password(good)
    user = staff()
    user.set_password(good)
    user.save()
    assert user.check_password(good)
    for other in (good.strip(), good.swapcase(), good[:-1]):
        assert other == good or not user.check_password(other)


def test_passwords_are_masked_and_may_be_pasted(client):
    page = client.get(LOGIN).content.decode()
    (field,) = re.findall(r'<input[^>]*name="password"[^>]*>', page)
    assert 'type="password"' in field
    assert 'autocomplete="current-password"' in field
    assert "onpaste" not in page


def test_passwords_are_kept_as_argon2_hashes():
    assert staff().password.startswith("argon2$argon2id$")


def test_the_desk_is_not_kept_by_browsers_and_has_a_way_out_on_every_page(client):
    staff()
    give_password(client)
    for path in (HOME, "/admin/commitments/commitment/", "/admin/second-factor/"):
        answer = client.get(path)
        assert "no-store" in answer["Cache-Control"]
        assert 'action="/admin/logout/"' in answer.content.decode()
