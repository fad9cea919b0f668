"""A machine that repeats itself gets one draft and one answer, whatever happens."""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from commitments import services
from commitments.models import ApiAnswer, Proposal, Suggestion
from tests.factories import (
    BodyFactory,
    CommitmentFactory,
    EvidenceFactory,
    ReviewerFactory,
    assess,
)

NOTICE = {"url": "https://example.org/notice"}


def new_key(name="watcher"):
    now = timezone.now()
    scopes, ends = ["proposals", "evidence"], now + timedelta(days=30)
    return services.make_key(name=name, scopes=scopes, expires_at=ends, at=now)[1]


def hand_in(secret, path, body, once):
    headers = {"authorization": f"Bearer {secret}", "idempotency-key": once}
    return Client().post(
        f"/api/v1/{path}/", json.dumps(body), "application/json", headers=headers
    )


def draft():
    commitment, document = CommitmentFactory(), EvidenceFactory()
    assess(commitment, status="announced", evidence=[document])
    return {
        "commitment": commitment.slug,
        "kind": "status",
        "status": "under_way",
        "criteria_met": [],
        "confidence": "medium",
        "reason": "A notice took effect.",
        "evidence": [document.slug],
        "effective_on": "2026-04-01",
        "looked_until": "2026-07-02",
    }


def test_a_replay_has_the_same_bytes_after_the_world_has_moved_on(db):
    secret, body = new_key(), draft()
    first = hand_in(secret, "proposals", body, "job-7")
    one = Proposal.objects.get()
    services.approve(
        proposal=one,
        by=ReviewerFactory(),
        at=timezone.now(),
        revision=1,
        seen=one.commitment.latest_entry_id,
    )
    # Handed in for the first time now, it would be refused.
    assert hand_in(secret, "proposals", body, "job-8").status_code == 422

    again = hand_in(secret, "proposals", body, "job-7")

    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert again["Content-Type"] == first["Content-Type"]
    assert Proposal.objects.count() == 1


def test_a_replay_is_answered_where_what_it_names_is_gone(db):
    secret, speaker, common = new_key(), BodyFactory(), draft()
    claim = {"kind": "claim", "position": "announced", "body": speaker.slug}
    for name in ("status", "criteria_met", "confidence", "looked_until"):
        del common[name]
    first = hand_in(secret, "proposals", common | claim, "job-7")
    speaker.delete()
    assert hand_in(secret, "proposals", common | claim, "job-8").status_code == 400

    again = hand_in(secret, "proposals", common | claim, "job-7")

    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content


def test_another_body_under_the_same_key_is_refused_even_a_wrong_one(db):
    secret = new_key()
    first = hand_in(secret, "evidence", NOTICE, "job-7")

    for other in ({"url": "https://example.org/other"}, {"url": 7}, {"colour": "red"}):
        refused = hand_in(secret, "evidence", other, "job-7")
        assert refused.status_code == 422
        assert refused.json()["errors"][0]["field"] == "Idempotency-Key"
    respelt = {"authorization": f"Bearer {secret}", "idempotency-key": "job-7"}
    again = Client().post(
        "/api/v1/evidence/",
        '{ "url" :"https:\\/\\/example.org/notice" }',
        "application/json",
        headers=respelt,
    )
    assert again.content == first.content
    assert Suggestion.objects.count() == 1


def test_what_was_refused_may_be_mended_under_the_same_key(db):
    secret = new_key()

    assert (
        hand_in(secret, "evidence", {"url": "no address"}, "job-7").status_code == 400
    )
    assert not ApiAnswer.objects.exists()
    assert hand_in(secret, "evidence", NOTICE, "job-7").status_code == 201


def test_a_mark_belongs_to_its_key_and_its_address(db):
    one, other = new_key(), new_key("other")
    body = draft()

    assert hand_in(one, "evidence", NOTICE, "job-7").status_code == 201
    assert hand_in(other, "evidence", NOTICE, "job-7").status_code == 201
    assert ApiAnswer.objects.filter(idempotency_key="job-7").count() == 2
    assert hand_in(one, "proposals", body, "job-7").status_code == 422
    assert hand_in(other, "proposals", body, "job-8").status_code == 201


def at_once(count, call):
    """Run a call in threads that start together; return what each came to."""
    start = Barrier(count)

    def run(number):
        start.wait()
        try:
            return call(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


@pytest.mark.timeout(300)
def test_equal_requests_at_one_moment_make_one_draft_and_get_one_answer(
    transactional_db,
):
    secret = new_key()
    for round in range(15 if connection.vendor == "postgresql" else 5):
        body, before = draft(), Proposal.objects.count()

        answers = at_once(
            4,
            lambda number, body=body, round=round: hand_in(
                secret, "proposals", body, f"job-{round}"
            ),
        )

        assert {answer.status_code for answer in answers} == {201}
        assert len({answer.content for answer in answers}) == 1
        assert Proposal.objects.count() == before + 1


@pytest.mark.timeout(300)
def test_fifty_equal_requests_at_one_moment_make_one_draft_and_get_one_answer(
    transactional_db,
):
    secret, body = new_key(), draft()

    answers = at_once(50, lambda number: hand_in(secret, "proposals", body, "job-7"))

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert Proposal.objects.count() == ApiAnswer.objects.count() == 1
    other = {**body, "reason": "Another law took effect."}
    assert hand_in(secret, "proposals", other, "job-7").status_code == 422
    assert Proposal.objects.count() == 1


@pytest.mark.timeout(300)
def test_unequal_requests_at_one_moment_make_the_draft_of_one(transactional_db):
    secret = new_key()
    for round in range(10 if connection.vendor == "postgresql" else 3):
        before = Suggestion.objects.count()

        answers = at_once(
            3,
            lambda number, round=round: hand_in(
                secret,
                "evidence",
                {"url": f"https://example.org/{round}/{number}"},
                f"job-{round}",
            ),
        )

        assert sorted(answer.status_code for answer in answers) == [201, 422, 422]
        assert Suggestion.objects.count() == before + 1


@pytest.mark.timeout(120)
def test_a_worker_that_dies_in_the_middle_leaves_nothing(transactional_db):
    secret, body = new_key(), draft()
    environment = {
        **os.environ,
        "TEST_DATABASE_IN_USE": str(connection.settings_dict["NAME"]),
        "HANDED_IN": json.dumps([secret, "proposals", body, "job-7"]),
    }
    if connection.vendor == "sqlite":
        connection.close()

    died = subprocess.run(
        [sys.executable, "-m", "tests.tracker.api.dying"], env=environment, check=False
    )

    assert died.returncode == 9
    assert not Proposal.objects.exists() and not ApiAnswer.objects.exists()
    answer = hand_in(secret, "proposals", body, "job-7")
    assert answer.status_code == 201
    assert Proposal.objects.count() == ApiAnswer.objects.count() == 1
