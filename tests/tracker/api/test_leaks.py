"""What is private stays private: a marker in each private field, and every answer read."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from commitments import services
from commitments.models import Assignment, Snooze, Suggestion
from tests.factories import (
    AT,
    CommitmentFactory,
    DraftFactory,
    EvidenceFactory,
    PlanFactory,
    ReviewerFactory,
    assess,
    propose,
)

MARK = "zqcanary"
CONTRACT = Path(__file__).parents[3] / "docs" / "openapi.json"


@pytest.fixture
def planted(db):
    PlanFactory()
    person = ReviewerFactory(
        username=f"{MARK}-user",
        first_name=MARK,
        last_name=MARK,
        email=f"{MARK}@example.org",
    )
    public = CommitmentFactory()
    assess(public, by=person, status="announced")
    public.refresh_from_db()
    draft = DraftFactory(slug=f"{MARK}-draft", title=MARK, statement=MARK, reading=MARK)
    draft.criteria.update(text=MARK)
    draft.milestones.create(key=MARK, title=MARK)
    draft.evidence.add(EvidenceFactory(title=MARK, summary=MARK))
    EvidenceFactory(slug=f"{MARK}-loose", title=MARK)
    propose(
        public,
        by=person,
        comment=MARK,
        reason=MARK,
        evidence=[EvidenceFactory(title=MARK, slug=f"{MARK}-cited")],
        status="under_way",
    )
    Snooze.objects.create(
        commitment=public, until=AT.date() + timedelta(3), reason=MARK, by=person, at=AT
    )
    services.claim(commitment=public, by=person, at=timezone.now())
    services.suggest(url=f"https://{MARK}.example.org/x", by=MARK, at=AT)
    services.make_key(name=MARK, scopes=[], expires_at=AT + timedelta(900), at=AT)
    return public


def addresses(public):
    """Every address of the contract that is read, for what is public and what is not."""
    for path, operations in json.loads(CONTRACT.read_text())["paths"].items():
        if "get" not in operations or "/schema/" in path or "/docs/" in path:
            continue
        for value in ("1", "2", public.slug, f"{MARK}-draft"):
            at = path
            for name in ("slug", "id", "seq", "number"):
                at = at.replace(f"{{{name}}}", value)
            yield at
            if "{" not in path and path.count("/") == 4:
                yield f"{at}?format=csv"
                yield f"{at}?format=jsonl"


def test_no_marker_of_a_private_field_leaves_by_any_answer(client, planted):
    assert Snooze.objects.exists() and Assignment.objects.exists()
    assert Suggestion.objects.exists()
    read = 0
    for address in sorted(set(addresses(planted))):
        answer = client.get(address)
        assert answer.status_code < 500, address
        body = b"".join(answer) + str(answer.headers).encode()
        assert MARK.encode() not in body, address
        read += answer.status_code == 200
    assert read > 50


def test_what_is_private_cannot_be_found_or_counted(client, planted):
    for noun in ("commitments", "commitments/count"):
        found = client.get(f"/api/v1/{noun}/", {"q": MARK}).json()
        assert found.get("results", []) == [] and not found.get("count")
    for noun in ("criteria", "milestones", "history"):
        # A draft is answered as what never was.
        told = [
            client.get(f"/api/v1/{noun}/count/", {"commitment": name}).json()
            for name in (f"{MARK}-draft", "never-was")
        ]
        assert str(told[0]).replace(f"{MARK}-draft", "never-was") == str(told[1])
