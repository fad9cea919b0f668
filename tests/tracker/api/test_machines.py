"""Machines hand in drafts by key; a person decides, and nothing becomes history."""

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from commitments import services
from commitments.models import ApiAnswer, ApiKey, HistoryEntry, Proposal, Suggestion
from tests.factories import CommitmentFactory, EvidenceFactory, ReviewerFactory, assess


@pytest.fixture
def key(db):
    now = timezone.now()
    _, secret = services.make_key(
        name="watcher",
        scopes=["proposals", "evidence"],
        expires_at=now + timedelta(days=30),
        at=now,
    )
    return secret


@pytest.fixture
def post(client, key):
    def post(path, body, status=201, secret=key, **headers):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        if secret:
            headers["authorization"] = f"Bearer {secret}"
        answer = client.post(
            f"/api/v1/{path}", data, content_type="application/json", headers=headers
        )
        assert answer.status_code == status, answer.content
        if status >= 400:
            assert answer["Content-Type"] == "application/problem+json"
        return answer

    return post


@pytest.fixture
def proposal(db):
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


@pytest.mark.parametrize("sign_off", [True, False])
def test_a_proposal_waits_until_a_reviewer_signs_it_off(
    post, proposal, settings, sign_off
):
    settings.SIGN_OFF = sign_off
    before = HistoryEntry.objects.count()

    answer = post("proposals/", proposal).json()

    one = Proposal.objects.get(pk=answer["id"])
    assert (one.state, one.actor) == ("waiting", "machine:api:watcher")
    assert HistoryEntry.objects.count() == before
    services.approve(
        proposal=one,
        by=ReviewerFactory(),
        at=timezone.now(),
        revision=1,
        seen=one.commitment.latest_entry_id,
    )
    assert HistoryEntry.objects.count() == before + 1


def test_a_suggested_document_waits_for_an_analyst(post, client):
    answer = post("evidence/", {"url": "https://example.org/canary"}).json()

    assert Suggestion.objects.get().pk == answer["id"]
    assert b"canary" not in client.get("/api/v1/evidence/").content


def test_the_same_key_gets_the_same_answer_and_does_nothing(post, proposal):
    once = {"Idempotency-Key": "job-7"}
    first = post("proposals/", proposal, **once)

    again = post("proposals/", proposal, **once)

    assert again.content == first.content
    assert Proposal.objects.count() == ApiAnswer.objects.count() == 1
    post("proposals/", {**proposal, "reason": "Another."}, status=422, **once)


def test_a_rule_of_the_record_is_told_and_nothing_is_kept(post, proposal):
    refused = {**proposal, "status": "delivered", "criteria_met": ["a", "b"]}

    error = post("proposals/", refused, status=422, **{"Idempotency-Key": "x"})

    assert error.json()["errors"][0]["rule"]
    assert not Proposal.objects.exists() and not ApiAnswer.objects.exists()


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'{"url": NaN}', 400),
        (b'{"url": "https://a.org", "url": "https://b.org"}', 400),
        (b'{"url": "\xff\xfe"}', 400),
        (b'{"url": "\\ud800"}', 400),
        (b'{"url": "\\u0000"}', 400),
        (b"[" * 50_000, 400),
        (b'{"a":' * 20 + b"1" + b"}" * 20, 400),
        (b"[]", 400),
        (b"", 400),
        (b'{"url": 7}', 400),
        (b'{"url": ["x"]}', 400),
        (b'{"url": "no address"}', 400),
        (b'{"url": "https://a.org", "colour": "red"}', 400),
        (b'{"url": "' + b"x" * 5_000_000 + b'"}', 413),
    ],
)
def test_a_hostile_body_is_a_problem_of_the_one_shape(post, body, status):
    post("evidence/", body, status=status)
    post("proposals/", body, status=status)
    assert not Suggestion.objects.exists()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"status": "red"}, "status"),
        ({"commitment": "no-such"}, "commitment"),
        ({"evidence": ["no-such"]}, "evidence"),
        ({"position": "announced"}, "position"),
        ({"kind": "claim"}, "position"),
        ({"kind": "published"}, "kind"),
        ({"colour": "red"}, "colour"),
        ({"effective_on": "2026-02-30"}, "effective_on"),
    ],
)
def test_a_wrong_field_is_named(post, proposal, change, field):
    problem = post("proposals/", {**proposal, **change}, status=400).json()

    assert field in [error["field"] for error in problem["errors"]]


def test_another_type_of_body_is_refused(client, key):
    answer = client.post(
        "/api/v1/evidence/",
        "url=x",
        "text/plain",
        headers={"authorization": f"Bearer {key}"},
    )

    assert answer.status_code == 415
    assert answer["Content-Type"] == "application/problem+json"


def test_only_a_good_key_of_the_right_scope_is_taken(post, key):
    now, body = timezone.now(), {"url": "https://example.org/x"}
    _, narrow = services.make_key(
        name="other", scopes=["proposals"], expires_at=now + timedelta(1), at=now
    )

    assert "Bearer" in post("evidence/", body, 401, secret=None)["WWW-Authenticate"]
    post("evidence/", body, 401, secret="out_x_y")
    post("evidence/", body, 403, secret=narrow)
    post("evidence/", body)
    assert ApiKey.objects.get(name="watcher").last_used_at
    services.revoke_keys(keys=ApiKey.objects.all(), at=now)
    post("evidence/", body, 401)


def test_an_expired_key_is_worth_nothing(post):
    past = timezone.now() - timedelta(days=2)
    _, old = services.make_key(
        name="old", scopes=["evidence"], expires_at=past + timedelta(1), at=past
    )

    post("evidence/", {"url": "https://example.org/x"}, 401, secret=old)


def test_keys_are_made_shown_once_and_revoked_in_the_admin(admin_client):
    ends = timezone.now() + timedelta(days=90)
    page = admin_client.post(
        "/admin/commitments/apikey/add/",
        {
            "name": "newsroom",
            "scopes": ["evidence"],
            "expires_at_0": ends.date().isoformat(),
            "expires_at_1": "12:00:00",
        },
        follow=True,
    ).content.decode()

    key = ApiKey.objects.get()
    assert f"out_{key.prefix}_" in page
    listed = admin_client.get("/admin/commitments/apikey/").content.decode()
    assert f"out_{key.prefix}_" not in listed and key.digest not in listed
    admin_client.post(
        "/admin/commitments/apikey/", {"action": "revoke", "_selected_action": [key.pk]}
    )
    key.refresh_from_db()
    assert key.revoked_at
