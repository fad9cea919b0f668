"""What an administrator may do to accounts in the admin, and what not."""

import pytest
from django.contrib.auth.models import Group, Permission

from tests.commitments.signing_in import staff

pytestmark = pytest.mark.django_db

LIST = "/admin/auth/user/"


@pytest.fixture
def boss(client):
    """Signed in: an administrator who is no superuser."""
    user = staff("boss", "administrator")
    client.force_login(user)
    return user


def page(user):
    return f"{LIST}{user.pk}/change/"


def posted(user, **changes):
    return {"username": user.username, "is_active": "on", "is_staff": "on", **changes}


def everything(**changes):
    return {
        "is_superuser": "on",
        "user_permissions": [Permission.objects.get(codename="add_topic").pk],
        "groups": [group.pk for group in Group.objects.all()],
        **changes,
    }


def test_nobody_makes_themselves_a_superuser_or_gives_themselves_rights(client, boss):
    answer = client.post(
        page(boss), posted(boss, email="b@example.org", **everything())
    )
    assert answer.status_code == 302
    boss.refresh_from_db()
    assert boss.email == "b@example.org"
    assert not boss.is_superuser
    assert not boss.user_permissions.exists()
    assert [group.name for group in boss.groups.all()] == ["administrator"]


def test_nobody_below_makes_another_a_superuser(client, boss):
    ada = staff("ada")
    client.post(page(ada), posted(ada, **everything()))
    ada.refresh_from_db()
    assert not ada.is_superuser
    assert not ada.user_permissions.exists()
    assert ada.groups.count() == 3


def test_nobody_below_touches_a_superuser(client, boss):
    root = staff("root", None, is_superuser=True)
    before = type(root).objects.filter(pk=root.pk).values().get()
    new = {"password1": "abc-def-ghi-1", "password2": "abc-def-ghi-1"}
    assert client.get(page(root)).status_code == 200
    assert client.post(page(root), posted(root, is_active="")).status_code == 403
    assert client.post(f"{LIST}{root.pk}/password/", new).status_code == 403
    assert type(root).objects.filter(pk=root.pk).values().get() == before


def test_a_superuser_makes_another(client):
    root, ada = staff("root", None, is_superuser=True), staff("ada")
    client.force_login(root)
    client.post(page(ada), posted(ada, **everything()))
    ada.refresh_from_db()
    assert ada.is_superuser


def test_an_administrator_makes_an_account_for_a_colleague(client, boss):
    secret = "quite a long phrase"
    made = client.post(
        f"{LIST}add/",
        {
            "username": "new",
            "usable_password": "true",
            "password1": secret,
            "password2": secret,
            **everything(),
        },
    )
    new = type(boss).objects.get(username="new")
    assert made.url == page(new)
    assert not new.is_staff
    assert not new.is_superuser
    client.post(page(new), posted(new, groups=[Group.objects.get(name="analyst").pk]))
    new.refresh_from_db()
    assert new.is_staff
    assert [group.name for group in new.groups.all()] == ["analyst"]


@pytest.mark.parametrize("superuser", [True, False])
def test_accounts_are_made_inactive_and_never_deleted(client, superuser):
    client.force_login(staff("boss", "administrator", is_superuser=superuser))
    ada = staff("ada")
    assert client.post(f"{LIST}{ada.pk}/delete/", {"post": "yes"}).status_code == 403
    chosen = {"action": "delete_selected", "_selected_action": [ada.pk], "post": "yes"}
    client.post(LIST, chosen)
    client.post(page(ada), posted(ada, is_active=""))
    ada.refresh_from_db()
    assert not ada.is_active


@pytest.mark.parametrize("group", ["analyst", "reviewer"])
def test_others_do_not_see_accounts(client, group):
    user = staff("somebody", group)
    client.force_login(user)
    for address in (LIST, page(user), f"{LIST}add/", "/admin/auth/group/"):
        assert client.get(address).status_code == 403


def test_groups_are_looked_at_and_written_in_code(
    client, django_assert_max_num_queries
):
    client.force_login(staff("root", None, is_superuser=True))
    group = Group.objects.get(name="analyst")
    change = f"/admin/auth/group/{group.pk}/change/"
    with django_assert_max_num_queries(12):
        assert client.get(change).status_code == 200
    assert client.post(change, {"name": "owners"}).status_code == 403
    assert client.get("/admin/auth/group/add/").status_code == 403


def test_the_list_of_accounts_says_who_has_a_second_factor_in_constant_queries(
    client, boss, django_assert_max_num_queries
):
    for number in range(20):
        staff(f"person-{number}")
    with django_assert_max_num_queries(12):
        shown = client.get(LIST).content.decode()
    assert "Second factor" in shown
    assert "person-19" in shown
