"""A Celery worker whose outgoing requests go to a played web on loopback.

Started by the tests with the port of the web; a real process, to be killed.
"""

import os
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.conf import settings
from django.db import connections

from commitments import outgoing
from config.celery import app

settings.HOST_PAUSE = 0
connections["default"].settings_dict["NAME"] = os.environ["TEST_DATABASE_IN_USE"]
known: dict[str, str] = {}


def resolve(host, port):
    return [known.setdefault(host, f"11.0.0.{len(known) + 1}")]


outgoing.resolve = resolve
outgoing.dial = lambda address, port: ("127.0.0.1", int(sys.argv[1]))
app.worker_main(["worker", "-Q", sys.argv[2], "--pool", "solo", "-l", "WARNING"])
