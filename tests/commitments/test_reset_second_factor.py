"""The way back in for the last administrator, and many at one code."""

import threading

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from commitments.models import AuditEvent
from commitments.services import second_factor
from tests.commitments.signing_in import code_of, kinds, staff, with_device


@pytest.mark.django_db
def test_the_command_resets_and_tells(capsys):
    user = staff("boss", "administrator")
    with_device(user, timezone.now())
    call_command("reset_second_factor", "boss")
    assert not second_factor.is_set_up(user)
    assert second_factor.recovery_codes_left(user) == 0
    event = AuditEvent.objects.get(kind="second_factor_reset")
    assert (event.account_name, event.actor_name) == ("boss", "command on the server")


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["nobody", "ada"])
def test_the_command_says_what_it_cannot_do(name):
    staff("ada")
    with pytest.raises(CommandError, match=name):
        call_command("reset_second_factor", name)
    assert "second_factor_reset" not in kinds()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", ["app", "recovery"])
def test_one_code_given_by_many_at_once_opens_once(kind):
    user = staff()
    key, codes = with_device(user, timezone.now())
    code = code_of(key) if kind == "app" else codes[0]
    given = {"account": user, "code": code, "at": timezone.now(), "address": None}
    opened, refused = [], []

    def give():
        try:
            opened.append(second_factor.verify(**given))
        except second_factor.WrongCode as wrong:
            refused.append(wrong)
        finally:
            connection.close()

    threads = [threading.Thread(target=give) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(opened), len(refused)) == (1, 5)
