"""A management command that kills itself: ``python -m tests.faults.dying 40 migrate``.

It dies before its statement of that number. With ``schema`` in place of a number it
ends where a restored backup is about to be brought up to date.
"""

import os
import signal
import sys
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.core.management import call_command
from django.db.backends.signals import connection_created

from tracker.backups import restoring

left = 0


def count(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
    global left
    left -= 1
    if left <= 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return execute(sql, params, many, context)


def install(connection: Any, **kwargs: Any) -> None:
    connection.execute_wrappers.append(count)


def stop(*args: Any, **kwargs: Any) -> None:
    sys.exit(0)


if __name__ == "__main__":
    when, *command = sys.argv[1:]
    if when == "schema":
        restoring.call_command = stop
    else:
        left = int(when)
        connection_created.connect(install)
    call_command(*command)
