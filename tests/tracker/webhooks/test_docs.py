"""The sample in docs/webhooks.md reads what we send, and refuses what we did not."""

import re
from pathlib import Path

import pytest

from tests.factories import CommitmentFactory

from .sink import secret_of

GUIDE = Path(__file__).parents[3] / "docs" / "webhooks.md"


@pytest.mark.django_db
def test_the_sample_of_the_guide_verifies_what_is_sent(endpoint, sink, relay, clock):
    names: dict = {}
    for sample in re.findall(r"```python\n(.*?)```", GUIDE.read_text(), re.DOTALL):
        exec(sample, names)
    CommitmentFactory()
    relay()
    (headers,), (body,) = sink.headers, sink.arrived
    secret, check = secret_of(endpoint), names["verified"]

    assert check(secret, headers, body)["data"]["seq"] == 1
    for wrong in (
        lambda: check(secret, headers, body + b" "),
        lambda: check(secret, {**headers, "webhook-id": "x"}, body),
        lambda: check(secret, headers, body, now=lambda: 0),
        lambda: check("whsec_AAAA", headers, body),
    ):
        with pytest.raises(ValueError, match="fits|old"):
            wrong()
