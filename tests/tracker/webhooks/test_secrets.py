"""The secrets of endpoints, sealed under a key that can be changed."""

import pytest

from tests.factories import CommitmentFactory
from tracker.webhooks import sealing

from .sink import Sink, secret_of, verified

pytestmark = pytest.mark.django_db


def test_a_secret_that_cannot_be_opened_disables_one_endpoint_alone(
    endpoint, register, relay, web, sink, settings, clock
):
    settings.WEBHOOK_KEY = "another key of more than thirty-two characters"
    other = Sink(web, "other.test/")
    register(other.url)
    relay()
    CommitmentFactory()

    relay()

    endpoint.refresh_from_db()
    assert endpoint.state == "disabled" and "TRACKER_WEBHOOK_KEY" in endpoint.reason
    assert len(other.arrived) == 1


def test_the_key_of_secrets_can_be_changed(endpoint, sink, relay, settings):
    old = sealing._own_key()
    secret = secret_of(endpoint)
    settings.WEBHOOK_KEY = f"another key of more than thirty-two characters,{old}"
    CommitmentFactory()

    relay()

    assert verified(secret, sink.headers[0], sink.arrived[0])
    assert secret not in str(list(endpoint.secrets.values()))
