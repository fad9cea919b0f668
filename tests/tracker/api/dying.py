"""A worker that is killed once the draft and its answer are written, before the commit."""

import json
import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.conf import settings
from django.db import connections
from django.db.models.signals import post_save

from commitments.models import ApiAnswer, Proposal
from tests.tracker.api.test_idempotency import hand_in

settings.ALLOWED_HOSTS = ["testserver"]
connections["default"].settings_dict["NAME"] = os.environ["TEST_DATABASE_IN_USE"]


def die(**kwargs):
    assert Proposal.objects.exists()
    os._exit(9)


post_save.connect(die, sender=ApiAnswer)
hand_in(*json.loads(os.environ["HANDED_IN"]))
