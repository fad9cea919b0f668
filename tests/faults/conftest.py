import pytest

from tests.servers import Broker


@pytest.fixture
def broker(tmp_path):
    """A broker of this test alone."""
    broker = Broker(tmp_path)
    yield broker
    broker.kill()
