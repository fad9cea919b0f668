"""A password that an administrator gave is changed before anything else (ASVS 6.4.1)."""

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.test import Client

from commitments.models import Topic
from tests.commitments.signing_in import HOME, LOGIN, PASSWORD, give_password, staff

pytestmark = pytest.mark.django_db
GIVEN = "what the administrator said"
CHANGE = "/admin/password_change/"
USERS = "/admin/auth/user/"


@pytest.fixture
def boss(settings):
    settings.REQUIRE_MFA = False
    staff("boss", "administrator")
    client = Client()
    give_password(client, "boss")
    return client


@pytest.fixture
def newcomer(boss):
    """Signed in for the first time, with the password of the administrator."""
    made = {"username": "new", "password1": GIVEN, "password2": GIVEN}
    boss.post(f"{USERS}add/", {**made, "usable_password": "true"})
    user = get_user_model().objects.get(username="new")
    rights = {"username": "new", "is_active": "on", "is_staff": "on"}
    group = Group.objects.get(name="analyst")
    boss.post(f"{USERS}{user.pk}/change/", {**rights, "groups": [group.pk]})
    client = Client()
    assert give_password(client, "new", GIVEN).status_code == 302
    return client


def change(client, new, old=GIVEN):
    values = {"old_password": old, "new_password1": new, "new_password2": new}
    return client.post(CHANGE, values)


def is_led_to_the_change(answer):
    return answer.status_code == 302 and answer["Location"] == CHANGE


def test_nothing_else_opens_before(newcomer):
    topic = {"slug": "x", "name": "X"}
    for path in (HOME, "/admin/commitments/commitment/", "/admin/commitments/topic/"):
        assert is_led_to_the_change(newcomer.get(path)), path
    assert is_led_to_the_change(newcomer.post("/admin/commitments/topic/add/", topic))
    assert not Topic.objects.exists()
    assert "given to you by somebody else" in newcomer.get(CHANGE).content.decode()
    # Readers' pages are everybody's.
    assert newcomer.get("/commitments/").status_code == 200


def test_nothing_else_opens_under_another_path_either(newcomer):
    assert newcomer.get(HOME, SCRIPT_NAME="/x").url == CHANGE


def test_afterwards_everything_does_in_this_session_and_the_next(newcomer):
    assert change(newcomer, PASSWORD).status_code == 302

    assert newcomer.get(HOME).status_code == 200
    again = Client()
    give_password(again, "new", PASSWORD)
    assert again.get(HOME).status_code == 200


def test_the_same_password_is_no_change(newcomer):
    answer = change(newcomer, GIVEN)

    assert "This is the password that you have" in answer.content.decode()
    assert is_led_to_the_change(newcomer.get(HOME))


def test_one_set_anew_by_an_administrator_is_a_first_one_too(boss, newcomer):
    change(newcomer, PASSWORD)
    user = get_user_model().objects.get(username="new")
    other = "yet another phrase given"
    values = {"password1": other, "password2": other, "usable_password": "true"}
    boss.post(f"{USERS}{user.pk}/password/", values)

    assert newcomer.get(HOME)["Location"].startswith(LOGIN)
    again = Client()
    give_password(again, "new", other)
    assert is_led_to_the_change(again.get(HOME))


def test_it_is_changed_before_a_second_factor_is_there(newcomer, settings):
    settings.REQUIRE_MFA = True

    assert change(newcomer, PASSWORD).status_code == 302

    user = get_user_model().objects.get(username="new")
    assert user.check_password(PASSWORD)
    assert newcomer.post("/admin/commitments/topic/add/", {}).status_code == 403


def test_who_chose_it_or_has_it_from_the_server_is_not_asked(boss, settings):
    assert boss.get(HOME).status_code == 200
    assert change(boss, "a phrase of my own choice", old=PASSWORD).status_code == 302
    assert boss.get(HOME).status_code == 200
