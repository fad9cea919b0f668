import pytest

from commitments import services
from tests.tracker import record as records
from tests.tracker.conftest import today  # noqa: F401 - fixture


@pytest.fixture
def site(settings):
    """A record with something of each kind; the rates do not count here."""
    settings.API_RATE = settings.API_KEY_RATE = 0
    settings.REQUIRE_MFA = False
    record = records.small()
    services.write_checkpoint(at=records.moment(9, 3))
    return record
