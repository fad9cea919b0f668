import re
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_otp.plugins.otp_static.models import StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from commitments.models import AuditEvent, Topic
from commitments.services import second_factor
from tests.commitments.signing_in import (
    CODE,
    HOME,
    LOGIN,
    SECOND_FACTOR,
    code_of,
    device_of,
    give_password,
    kinds,
    sign_in,
    staff,
    with_device,
)

pytestmark = pytest.mark.django_db

NEW_TOPIC = {"name": "Ports", "slug": "ports", "seen_change": "0"}
ADD_TOPIC = "/admin/commitments/topic/add/"


@pytest.fixture(autouse=True)
def required(settings):
    settings.REQUIRE_MFA = True


def text(response):
    return response.content.decode()


def key_shown(client):
    shown = re.search(
        r'second-factor-key">([A-Z2-7 ]+)<', text(client.get(SECOND_FACTOR))
    )
    assert shown
    return client.session["second_factor_key"]


def test_without_second_factor_all_can_be_read_and_nothing_written(client):
    staff()
    assert give_password(client).url == f"{SECOND_FACTOR}?next=%2Fadmin%2F"

    page = client.get(ADD_TOPIC)
    refused = client.post(ADD_TOPIC, NEW_TOPIC)

    assert page.status_code == 200
    assert "You can look, but not change anything yet." in text(page)
    assert refused.status_code == 403
    assert "What you typed is not lost" in text(refused)
    assert SECOND_FACTOR in text(refused)
    assert not Topic.objects.exists()


def test_under_another_path_it_is_asked_for_as_well(client):
    staff()
    give_password(client)

    refused = client.post(ADD_TOPIC, NEW_TOPIC, SCRIPT_NAME="/x")

    assert refused.status_code == 403
    assert not Topic.objects.exists()


@pytest.mark.parametrize(
    "address",
    [
        "/admin/password_change/",
        "/admin/commitments/topic/1/delete/",
        "/admin/commitments/commitment/",
        "/admin/second-factor/remove/",
        "/admin/second-factor/recovery-codes/",
        "/admin/no/such/page/",
        "/admin/login/../commitments/topic/add/",
    ],
)
def test_every_posting_in_the_admin_is_refused_without_it(client, address):
    staff(group="administrator", is_superuser=True)
    give_password(client)
    assert client.post(address, {}).status_code == 403


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_other_methods_that_write_are_refused_too(client, method):
    staff()
    give_password(client)
    assert getattr(client, method)(ADD_TOPIC).status_code == 403


def test_with_it_the_same_posting_writes(client):
    user = staff()
    key, _ = with_device(user, timezone.now())
    assert sign_in(client, key=key).url == HOME

    assert client.post(ADD_TOPIC, NEW_TOPIC).status_code == 302
    assert Topic.objects.get().slug == "ports"


def test_where_it_is_not_required_nothing_changes(client, settings):
    settings.REQUIRE_MFA = False
    staff()
    assert give_password(client).url == HOME
    assert client.post(ADD_TOPIC, NEW_TOPIC).status_code == 302
    assert "You can look, but" not in text(client.get(HOME))


def test_setting_up_shows_codes_once_and_opens_the_desk(client):
    user = staff()
    give_password(client)
    before = client.session.session_key
    key = key_shown(client)

    done = client.post(
        SECOND_FACTOR, {"code": f" {code_of(key)[:3]} {code_of(key)[3:]}"}
    )

    codes = re.findall(
        r"<code>([a-z2-7]{4}-[a-z2-7]{4}-[a-z2-7]{4})</code>", text(done)
    )
    assert len(set(codes)) == 10
    assert "no-store" in done["Cache-Control"]
    assert client.session.session_key != before
    assert "second_factor_key" not in client.session
    assert device_of(user).key == key
    assert client.post(ADD_TOPIC, NEW_TOPIC).status_code == 302
    again = text(client.get(SECOND_FACTOR))
    assert "10 unused recovery codes" in again
    assert not any(code in again for code in codes)


def test_the_picture_is_inline_and_needs_no_leave_of_the_policy(client):
    staff()
    give_password(client)
    page = client.get(SECOND_FACTOR)
    main = text(page).split("<main", 1)[1].split("</main>")[0]

    assert '<svg class="second-factor-qr"' in main
    assert "style=" not in main
    assert "<script" not in main
    assert "unsafe" not in page["Content-Security-Policy"]


def test_a_wrong_first_code_sets_nothing_up_and_keeps_the_key(client):
    user = staff()
    give_password(client)
    key = key_shown(client)

    wrong = client.post(SECOND_FACTOR, {"code": "abc def"})

    assert "does not match the key" in text(wrong)
    assert 'aria-describedby="id_code_error"' in text(wrong)
    assert client.session["second_factor_key"] == key
    assert not TOTPDevice.objects.exists()
    assert kinds(account_name=user.username, kind__startswith="second") == []


def test_password_alone_does_not_sign_in(client):
    user = staff()
    with_device(user, timezone.now())

    assert give_password(client).url == f"{CODE}?next=%2Fadmin%2F"

    assert "_auth_user_id" not in client.session
    assert client.get(HOME).url.startswith(LOGIN)
    assert "authenticator app" in text(client.get(CODE))


def test_a_code_opens_once(client):
    user = staff()
    key, _ = with_device(user, timezone.now())
    code = code_of(key)
    give_password(client)
    assert client.post(CODE, {"code": code}).url == HOME

    other = Client()
    give_password(other)
    assert "wrong, or has been used" in text(other.post(CODE, {"code": code}))


def test_the_step_to_another_page_stays_on_this_site(client):
    user = staff()
    key, _ = with_device(user, timezone.now())
    give_password(client)
    away = client.post(CODE, {"code": code_of(key), "next": "https://example.org/"})
    assert away.url == HOME


def test_wrong_codes_slow_down_and_then_ask_for_the_password_again(client):
    user = staff()
    key, _ = with_device(user, timezone.now())
    give_password(client)

    said = [text(client.post(CODE, {"code": "000000"})) for _ in range(4)]
    last = client.post(CODE, {"code": "000000"})

    assert "wrong, or has been used" in said[0]
    assert "Too many wrong codes. Wait 1 seconds" in said[1]
    assert last.url.startswith(LOGIN)
    assert client.post(CODE, {"code": code_of(key)}).url.startswith(LOGIN)
    assert device_of(user).throttling_failure_count == 1
    assert kinds(account_name="ada", kind="code_failed") == ["code_failed"]


def test_the_password_is_worth_ten_minutes(client):
    user = staff()
    key, _ = with_device(user, timezone.now())
    with time_machine.travel(timezone.now(), tick=False) as clock:
        give_password(client)
        clock.shift(timedelta(minutes=11))
        assert client.post(CODE, {"code": code_of(key)}).url.startswith(LOGIN)


def test_a_password_changed_meanwhile_ends_the_half_signed_in(client):
    user = staff()
    key, _ = with_device(user, timezone.now())
    give_password(client)
    user.set_password("quite another phrase")
    user.save()
    assert client.post(CODE, {"code": code_of(key)}).url.startswith(LOGIN)


def test_a_session_known_before_does_not_become_a_signed_in_one(client):
    user = staff()
    key, _ = with_device(user, timezone.now())
    client.get(LOGIN)
    client.session["seen"] = True
    client.session.save()
    known = client.session.session_key
    give_password(client)
    half = client.session.session_key
    client.post(CODE, {"code": code_of(key)})
    assert len({known, half, client.session.session_key}) == 3


def test_a_recovery_code_opens_once_and_is_kept_as_a_hash(client):
    user = staff()
    _, codes = with_device(user, timezone.now())
    give_password(client)

    entered = client.post(
        CODE, {"code": codes[0].upper().replace("-", " ")}, follow=True
    )

    assert "You used a recovery code; 9 are left" in text(entered)
    kept = set(StaticToken.objects.values_list("token", flat=True))
    assert len(kept) == 9
    assert not kept & {code.replace("-", "") for code in codes}
    other = Client()
    give_password(other)
    assert other.post(CODE, {"code": codes[0]}).status_code == 200
    assert AuditEvent.objects.get(kind="recovery_code_used").details == {"left": 9}


def test_another_persons_recovery_code_opens_nothing(client):
    _, codes = with_device(staff("eve"), timezone.now())
    with_device(staff("ada"), timezone.now())
    give_password(client)
    assert "wrong" in text(client.post(CODE, {"code": codes[0]}))


def test_new_recovery_codes_need_a_code_and_end_the_old(client):
    user = staff()
    key, old = with_device(user, timezone.now())
    sign_in(client, key=key)
    address = reverse("admin:recovery_codes")

    assert "wrong" in text(client.post(address, {"code": "wrong-wrong"}))
    # A wrong recovery code makes no code of the app wait.
    made = text(client.post(address, {"code": code_of(key, 1)}))

    new = re.findall(r"<code>(.+?)</code>", made)
    assert len(new) == 10
    assert not set(new) & set(old)
    given = {"account": user, "at": timezone.now(), "address": None}
    assert second_factor.verify(code=new[0], **given)
    with pytest.raises(second_factor.WrongCode):
        second_factor.verify(code=old[2], **given)


def test_removing_needs_a_code_and_ends_the_leave_to_write(client):
    user = staff()
    key, codes = with_device(user, timezone.now())
    sign_in(client, key=key)
    address = reverse("admin:remove_second_factor")

    assert client.post(address, {}).status_code == 200
    assert TOTPDevice.objects.exists()
    assert client.post(address, {"code": codes[0]}).url == SECOND_FACTOR

    assert not TOTPDevice.objects.exists()
    assert not StaticToken.objects.exists()
    assert client.post(ADD_TOPIC, NEW_TOPIC).status_code == 403


def test_a_session_from_before_gives_its_code_and_goes_on(client):
    user = staff()
    give_password(client)
    key, _ = with_device(user, timezone.now())

    refused = client.post(ADD_TOPIC, NEW_TOPIC)
    assert refused.status_code == 403
    assert CODE in text(refused)
    assert client.post(CODE, {"code": code_of(key)}).url == HOME
    assert client.post(ADD_TOPIC, NEW_TOPIC).status_code == 302


def test_two_windows_set_up_one_device(client):
    user = staff()
    give_password(client)
    key = key_shown(client)
    with_device(user, timezone.now())
    assert client.post(SECOND_FACTOR, {"code": code_of(key)}).status_code == 200
    assert TOTPDevice.objects.filter(user=user).count() == 1
    with pytest.raises(second_factor.AlreadySetUp):
        with_device(user, timezone.now())


def test_an_administrator_resets_anothers(client):
    user = staff("ada")
    with_device(user, timezone.now())
    key, _ = with_device(staff("boss", "administrator"), timezone.now())
    sign_in(client, "boss", key)
    address = reverse("admin:reset_second_factor", args=[user.pk])

    assert address in text(client.get(f"/admin/auth/user/{user.pk}/change/"))
    assert "Make sure that it is really ada" in text(client.get(address))
    assert client.post(address).status_code == 302

    assert not second_factor.is_set_up(user)
    event = AuditEvent.objects.get(kind="second_factor_reset")
    assert (event.account_name, event.actor_name) == ("ada", "boss")


@pytest.mark.parametrize(
    ("name", "answer"), [("analyst", 403), ("reviewer", 403), ("administrator", 403)]
)
def test_nobody_below_resets_a_superusers(client, name, answer):
    root = staff("root", None, is_superuser=True)
    with_device(root, timezone.now())
    key, _ = with_device(staff("somebody", name), timezone.now())
    sign_in(client, "somebody", key)
    address = reverse("admin:reset_second_factor", args=[root.pk])
    assert client.post(address).status_code == answer
    assert second_factor.is_set_up(root)


def test_ones_own_is_not_reset_but_removed_with_a_code(client):
    boss = staff("boss", "administrator")
    key, _ = with_device(boss, timezone.now())
    sign_in(client, "boss", key)
    own = client.post(reverse("admin:reset_second_factor", args=[boss.pk]))
    assert own.url == reverse("admin:remove_second_factor")
    assert second_factor.is_set_up(boss)


@pytest.mark.parametrize("model", ["otp_totp/totpdevice", "otp_static/staticdevice"])
def test_keys_and_codes_have_no_page(client, model):
    root = staff("root", None, is_superuser=True)
    key, _ = with_device(root, timezone.now())
    sign_in(client, "root", key)
    assert client.get(f"/admin/{model}/").status_code == 404
