"""Keys that an installation makes for itself are one key, whole, for its owner alone."""

import stat
import threading

import pytest

from commitments.own_keys import own_key


def test_all_that_make_a_key_at_once_hold_the_same(tmp_path):
    meet, made, held = threading.Barrier(8, timeout=60), [], []

    def make():
        # Nobody has put one into place yet, whoever comes here.
        meet.wait()
        key = str(threading.get_ident())
        made.append(key)
        return key

    threads = [
        threading.Thread(target=lambda: held.append(own_key("a_key", make)))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(made) == len(held) == 8
    assert len(set(held)) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["a_key"]


def test_it_is_made_once_and_kept_from_others(tmp_path):
    assert own_key("a_key", lambda: "one") == own_key("a_key", lambda: "two") == "one"
    assert stat.S_IMODE((tmp_path / "a_key").stat().st_mode) == 0o600


def test_who_is_ended_while_making_one_leaves_none(tmp_path):
    def end():
        raise SystemExit

    with pytest.raises(SystemExit):
        own_key("a_key", end)

    assert not (tmp_path / "a_key").exists()
    assert own_key("a_key", lambda: "one") == "one"
