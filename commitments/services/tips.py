"""What readers tell us is wrong or missing: taken in, answered, and forgotten again."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction

from commitments import accounts, actors
from commitments.models import (
    Commitment,
    DataVersion,
    Evidence,
    HistoryEntry,
    Proposal,
    Suggestion,
    Tip,
    TipStep,
)
from commitments.rules import RuleBroken

from .checks import check_plain
from .queue import CLAIM_FOR

Action, Verdict = TipStep.Action, Tip.Verdict

READER = actors.Machine("reader")
UPKEEP = actors.Machine("upkeep")
# What a reader wrote is emptied after that; what nobody answered by then, lapses.
KEPT_FOR = timedelta(days=90)
LONGEST_ANSWER = 1000


def receive_tip(
    *,
    message: str,
    at: datetime,
    form_key: str,
    source_url: str = "",
    email: str = "",
    page: str = "",
    commitment: Commitment | None = None,
    language: str = "en",
) -> Tip:
    """Take in what a reader wrote; return the tip.

    ``form_key`` names the form as it was shown: the same form with the same words
    sent again (a double click, a page reloaded) is the same tip. Readers see of it
    only the count in the ledger, a page that no cache keeps.
    """
    about = str(commitment.pk) if commitment else ""
    told = json.dumps([form_key, message, source_url, email, page, about])
    fingerprint = hashlib.sha256(told.encode()).hexdigest()
    if there := Tip.objects.filter(fingerprint=fingerprint).first():
        return there
    try:
        with transaction.atomic():
            tip = Tip.objects.create(
                fingerprint=fingerprint,
                message=message,
                source_url=source_url,
                email=email,
                page=page,
                commitment=commitment,
                language=language,
                received_at=at,
            )
            add_step(tip, Action.RECEIVED, by=READER, at=at)
            # The data version stays: else anybody could empty every cache by tips.
            return tip
    except IntegrityError:
        # The same form came twice at once.
        return Tip.objects.get(fingerprint=fingerprint)


@transaction.atomic
def claim_tip(*, tip: Tip, by: Any, at: datetime) -> Tip:
    """Take a tip to work on, for 48 hours. Raises RuleBroken if another has it."""
    tip = _to_work_on(tip, by=by)
    holder = tip.claimed_by
    if holder and holder != by and tip.claimed_until and tip.claimed_until > at:
        raise RuleBroken(
            "claimed_by_another",
            f"{actors.name(holder)} works on this until "
            f"{tip.claimed_until:%Y-%m-%d %H:%M} UTC. Ask them.",
        )
    tip.claimed_by, tip.claimed_until = by, at + CLAIM_FOR
    tip.save(update_fields=["claimed_by", "claimed_until"])
    add_step(tip, Action.CLAIMED, by=by, at=at)
    return tip


@transaction.atomic
def release_tip(*, tip: Tip, by: Any, at: datetime) -> Tip:
    """Give a tip back: who claimed it or a reviewer may. Raises RuleBroken."""
    tip = _to_work_on(tip, by=by)
    if tip.claimed_by is None:
        return tip
    if tip.claimed_by != by and not accounts.may(by, accounts.CONFIRM):
        raise RuleBroken(
            "own_claim", f"{actors.name(tip.claimed_by)} works on this. Ask them."
        )
    tip.claimed_by = tip.claimed_until = None
    tip.save(update_fields=["claimed_by", "claimed_until"])
    add_step(tip, Action.RELEASED, by=by, at=at)
    return tip


@transaction.atomic
def draft_answer(
    *,
    tip: Tip,
    verdict: str,
    answer: str,
    by: Any,
    at: datetime,
    seen: int,
    duplicate_of: Tip | None = None,
    commitment: Commitment | None = None,
) -> Tip:
    """Write what a tip is to be answered; readers see nothing of it yet.

    ``seen`` is the number of the latest step that the form knew. Raises RuleBroken.
    """
    tip = _to_work_on(tip, by=by, seen=seen)
    tip.commitment = commitment
    _answer(tip, verdict=verdict, answer=answer, duplicate_of=duplicate_of)
    tip.save()
    add_step(tip, Action.DRAFTED, by=by, at=at, comment=tip.answer)
    return tip


@transaction.atomic
def decide_tip(
    *,
    tip: Tip,
    verdict: str,
    answer: str,
    by: Any,
    at: datetime,
    seen: int,
    duplicate_of: Tip | None = None,
    commitment: Commitment | None = None,
) -> Tip:
    """Answer a tip, for good and in public: a reviewer's duty.

    ``answer`` is the desk's own sentence; a duplicate takes that of the tip it
    names where none is given. Raises RuleBroken.
    """
    if not accounts.may(by, accounts.CONFIRM):
        raise RuleBroken(
            "reviewers_answer_tips",
            "A reviewer decides on tips. Keep your answer as a draft: it is shown to "
            "them.",
        )
    # Before the tip's own lock, as wherever both are taken.
    DataVersion.bump()
    tip = _to_work_on(tip, by=by, seen=seen)
    tip.commitment = commitment
    _answer(tip, verdict=verdict, answer=answer, duplicate_of=duplicate_of)
    tip.decided_at, tip.decided_by = at, actors.key(by)
    tip.claimed_by = tip.claimed_until = None
    tip.save()
    add_step(tip, Action.DECIDED, by=by, at=at, comment=tip.answer)
    return tip


@transaction.atomic
def link_tip(
    *,
    tip: Tip,
    made: HistoryEntry | Proposal | Evidence | Suggestion,
    by: Any,
    at: datetime,
) -> Tip:
    """Record what a tip led to, before or after it is answered. Raises RuleBroken."""
    _check_worker(by)
    DataVersion.bump()
    tip = Tip.objects.select_for_update(of=["self"]).get(pk=tip.pk)
    name = {
        HistoryEntry: "entry",
        Proposal: "proposal",
        Evidence: "evidence",
        Suggestion: "suggestion",
    }[type(made)]
    setattr(tip, name, made)
    tip.save(update_fields=[name])
    add_step(tip, Action.LED_TO, by=by, at=at, comment=f"{name} {made.pk}")
    return tip


def forget_senders(*, at: datetime) -> dict[str, int]:
    """Empty what readers wrote more than 90 days ago; the rows and verdicts stay.

    A tip that nobody answered by then lapses, and the ledger says so. Level-triggered:
    run twice, late or beside itself it leaves the same. Returns the counts.
    """
    counts = {"erased": 0, "lapsed": 0}
    old = Tip.objects.filter(erased_at=None, received_at__lte=at - KEPT_FOR)
    for pk in list(old.order_by("pk").values_list("pk", flat=True)):
        with transaction.atomic():
            tip = old.select_for_update().filter(pk=pk).first()
            if tip is None:
                continue
            counts["lapsed"] += _lapse(tip, at=at)
            for name in Tip.PERSONAL:
                setattr(tip, name, "")
            # It was made of the sender's words.
            tip.fingerprint = f"erased-{tip.pk}"
            tip.erased_at = at
            tip.save()
            add_step(tip, Action.ERASED, by=UPKEEP, at=at)
            counts["erased"] += 1
    return counts


def _lapse(tip: Tip, *, at: datetime) -> bool:
    if tip.decided_at is not None:
        return False
    tip.verdict, tip.answer, tip.duplicate_of = Verdict.LAPSED, "", None
    tip.decided_at, tip.decided_by = at, actors.key(UPKEEP)
    tip.claimed_by = tip.claimed_until = None
    add_step(tip, Action.DECIDED, by=UPKEEP, at=at)
    return True


def _check_worker(by: Any) -> None:
    if not accounts.may(by, accounts.RECORD):
        raise RuleBroken(
            "the_desk_works_on_tips", "Analysts and reviewers work on tips."
        )


def _to_work_on(tip: Tip, *, by: Any, seen: int | None = None) -> Tip:
    """Return an undecided tip under its lock; refuse a stale form."""
    _check_worker(by)
    tip = Tip.objects.select_for_update(of=["self"]).get(pk=tip.pk)
    steps = list(tip.steps.all())
    names = actors.names([step.actor for step in steps[-1:]])
    if tip.decided_at is not None:
        raise RuleBroken(
            "tip_is_decided",
            f"This tip is decided already ({tip.get_verdict_display().lower()}, by "
            f"{names[steps[-1].actor] if steps else 'a colleague'}). Nothing was "
            "written.",
        )
    if seen is not None and steps and steps[-1].number != seen:
        last = steps[-1]
        raise RuleBroken(
            "changed_meanwhile",
            f"{names[last.actor]} did something with this tip meanwhile: "
            f"{last.get_action_display().lower()}. Nothing you typed is lost: read "
            "below, then save again.",
        )
    return tip


def _answer(tip: Tip, *, verdict: str, answer: str, duplicate_of: Tip | None) -> None:
    """Put a verdict and its sentence on the tip. Raises RuleBroken."""
    if verdict not in Tip.CHOICES:
        raise RuleBroken(
            "verdict_known",
            f"Choose one of {', '.join(Tip.CHOICES)}.",
            field="verdict",
        )
    answer = answer.strip()
    check_plain(answer, field="answer")
    if len(answer) > LONGEST_ANSWER:
        raise RuleBroken(
            "answer_is_short",
            f"The answer has {len(answer)} characters; readers get at most "
            f"{LONGEST_ANSWER}.",
            field="answer",
        )
    if not answer and verdict != Verdict.DUPLICATE:
        raise RuleBroken(
            "answer_required",
            "Say in a sentence of our own what comes of it, and why: it is published.",
            field="answer",
        )
    if tip.email and tip.email.lower() in answer.lower():
        raise RuleBroken(
            "answer_names_nobody",
            "The answer holds the sender's address. It is published: take it out.",
            field="answer",
        )
    tip.verdict, tip.answer = verdict, answer
    tip.duplicate_of = _original(tip, verdict, duplicate_of)


def _original(tip: Tip, verdict: str, named: Tip | None) -> Tip | None:
    """Return the tip that a duplicate repeats, at the end of its chain."""
    if verdict != Verdict.DUPLICATE:
        return None
    if named is None:
        raise RuleBroken(
            "duplicate_names_another",
            "Give the number of the tip that says the same.",
            field="duplicate_of",
        )
    named = Tip.objects.select_related("duplicate_of").get(pk=named.pk)
    named = named.duplicate_of or named
    if named.pk == tip.pk or tip.duplicates.exists():
        raise RuleBroken(
            "duplicate_of_another",
            "A tip cannot repeat itself, or one that repeats it. Name the first one.",
            field="duplicate_of",
        )
    return named


def add_step(
    tip: Tip, action: str, *, by: Any, at: datetime, comment: str = ""
) -> None:
    """Keep what was done with a tip; the verdict where the act was about it."""
    said = action in (Action.DRAFTED, Action.DECIDED)
    TipStep.objects.create(
        tip=tip,
        number=tip.steps.count() + 1,
        action=action,
        actor=actors.key(by),
        at=at,
        verdict=tip.verdict if said else "",
        comment=comment,
    )
