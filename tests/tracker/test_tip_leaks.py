"""What a sender or the desk wrote about a tip leaves by no public answer."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from commitments import services
from commitments.models import Tip, TipStep
from tests.commitments import desk
from tests.tracker.record import moment
from tests.tracker.test_crawl import REACHED

MARK = "zqcanary"
CONTRACT = Path(__file__).parents[2] / "docs" / "openapi.json"
# What is to be found nowhere, by field.
PRIVATE = [
    f"{MARK}-{name}"
    for name in ("message", "source", "mail", "page", "draft", "worker")
]
MORE = (
    *("/corrections/tips/", "/corrections/tell/", "/commitments/join-the-pact/"),
    *("/commitments.csv", "/commitments.jsonl", "/embed/join-the-pact/"),
    *("/sitemap.xml", "/llms.txt", "/robots.txt"),
)


def send(record, n):
    return services.receive_tip(
        message=f"{MARK}-message",
        source_url=f"https://{MARK}-source.example.org/x",
        email=f"{MARK}-mail@example.org",
        page=f"/changes/?q={MARK}-page",
        commitment=record.moved,
        form_key=str(n),
        at=moment(11, 2),
    )


@pytest.fixture
def planted(record):
    worker = desk.account(f"{MARK}-worker", "reviewer")
    tips = [send(record, n) for n in range(3)]
    services.claim_tip(tip=tips[0], by=worker, at=timezone.now())
    services.draft_answer(
        tip=tips[1],
        verdict="declined",
        answer=f"{MARK}-draft",
        by=worker,
        at=moment(11, 3),
        seen=1,
    )
    services.draft_answer(
        tip=tips[2],
        verdict="declined",
        answer=f"{MARK}-draft",
        by=worker,
        at=moment(11, 3),
        seen=1,
    )
    services.decide_tip(
        tip=tips[2],
        verdict="accepted",
        answer="Ours alone.",
        by=worker,
        at=moment(11, 4),
        seen=2,
    )
    services.link_tip(tip=tips[2], made=record.correction, by=worker, at=moment(11, 4))
    return tips


def test_no_public_page_names_a_private_field(client, planted):
    assert TipStep.objects.filter(comment__contains=MARK).exists()
    assert Tip.objects.get(pk=planted[0].pk).email.startswith(MARK)
    receipts = [f"/corrections/tips/{tip.reference}/" for tip in planted]
    leaks = []
    for address in (*REACHED, *MORE, *receipts):
        answer = client.get(address)
        body = b"".join(answer) + str(answer.headers).encode()
        assert answer.status_code < 500, address
        leaks += [f"{address}: {name}" for name in PRIVATE if name.encode() in body]
    assert leaks == []
    assert "Ours alone." in client.get("/corrections/tips/").content.decode()


def test_no_answer_of_the_api_names_a_private_field_or_a_reference(client, planted):
    read = 0
    for path, operations in json.loads(CONTRACT.read_text())["paths"].items():
        if "get" not in operations or "/schema/" in path or "/docs/" in path:
            continue
        for value in ("1", "join-the-pact"):
            for name in ("slug", "id", "seq", "number"):
                path = path.replace(f"{{{name}}}", value)
        answer = client.get(path)
        body = b"".join(answer)
        assert answer.status_code < 500 and MARK.encode() not in body, path
        assert not [t for t in planted if t.reference.encode() in body], path
        read += answer.status_code == 200
    assert read > 20


def test_after_90_days_the_ledger_is_the_same_and_holds_no_marker(client, planted):
    services.forget_senders(at=moment(11, 2) + timedelta(days=90))
    for tip in Tip.objects.all():
        assert MARK not in f"{tip.message}{tip.source_url}{tip.email}{tip.page}"
    assert "Ours alone." in client.get("/corrections/tips/").content.decode()
