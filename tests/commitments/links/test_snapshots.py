"""With its switch on, the Wayback Machine is asked too; its failures hurt nobody."""

from datetime import timedelta

import pytest
import time_machine

from commitments import outgoing, services, tasks
from commitments.models import Snapshot
from tests.factories import CommitmentFactory, EvidenceFactory, assess

from .web import article

pytestmark = pytest.mark.django_db
SAVED = "/web/20261124120000/http://a.test/x"


@pytest.fixture
def archive(monkeypatch):
    """Play the save service: no test asks the real one."""

    class Archive:
        asked = []
        answer = (200, {"content-location": SAVED})

        def get(self, url, **options):
            self.asked.append(url)
            if isinstance(self.answer, Exception):
                raise self.answer
            status, headers = self.answer
            return outgoing.Answer(url, status, headers, b"")

    played = Archive()
    played.asked = []
    monkeypatch.setattr("commitments.services.snapshots.outgoing.get", played.get)
    return played


@pytest.fixture
def evidence(web, now, db):
    found = EvidenceFactory(url="http://a.test/x")
    web.pages["a.test/x"] = article()
    services.check_links(clock=lambda: now, seconds=20)
    return found


def save(now):
    return services.save_snapshots(clock=lambda: now)


def test_the_address_of_the_snapshot_is_recorded_and_shown(
    evidence, archive, now, client
):
    assert save(now) == 1

    assert archive.asked == ["https://web.archive.org/save/http://a.test/x"]
    assert Snapshot.objects.get().address == f"https://web.archive.org{SAVED}"
    assert save(now) == 0
    assess(CommitmentFactory(), evidence=[evidence])
    page = client.get(f"/evidence/{evidence.slug}/").content.decode()
    assert SAVED in page


@pytest.mark.parametrize(
    "answer",
    [
        (429, {}),
        (200, {}),
        outgoing.Unreachable("timeout", "It took too long."),
        outgoing.Refused("No."),
    ],
)
def test_a_failure_is_noted_and_tried_three_times(evidence, archive, now, answer):
    archive.answer = answer

    for hours in range(0, 60, 7):
        assert save(now + timedelta(hours=hours)) == 0

    assert len(archive.asked) == 3
    assert Snapshot.objects.get().failure


@pytest.mark.usefixtures("evidence")
def test_it_is_off_by_default(archive, settings, now):
    with time_machine.travel(now):
        tasks.save_snapshots()
        assert not archive.asked

        settings.WAYBACK = True
        tasks.save_snapshots()
        assert archive.asked
