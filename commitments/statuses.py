"""The vocabulary and the rules of judgement, as data: no database, no clock.

To change a rule, change a line here; the admin, the API, the import and the
method page all read it from this module.
"""

from __future__ import annotations

import calendar
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Protocol

from django.db.models import TextChoices


class Status(TextChoices):
    """Delivery status: what public evidence shows."""

    NO_EVIDENCE = "no_evidence", "No public evidence"
    ANNOUNCED = "announced", "Announced"
    UNDER_WAY = "under_way", "Under way"
    PARTLY_DELIVERED = "partly_delivered", "Partly delivered"
    DELIVERED = "delivered", "Delivered"
    ABANDONED = "abandoned", "Abandoned"
    REVERSED = "reversed", "Reversed"
    NOT_ASSESSABLE = "not_assessable", "Not assessable"


class Position(TextChoices):
    """Official position: what the responsible body says."""

    NONE_STATED = "none_stated", "None stated"
    ANNOUNCED = "announced", "Announced"
    IN_PREPARATION = "in_preparation", "In preparation"
    IN_IMPLEMENTATION = "in_implementation", "In implementation"
    DECLARED_COMPLETE = "declared_complete", "Declared complete"
    POSTPONED = "postponed", "Postponed"
    WITHDRAWN = "withdrawn", "Withdrawn"


class Schedule(TextChoices):
    """How the promiser's own date stands. Derived, never typed in."""

    NO_DATE = "no_date", "No date"
    NOT_DUE = "not_due", "Not due"
    DUE_SOON = "due_soon", "Due soon"
    OVERDUE = "overdue", "Overdue"
    MET_ON_TIME = "met_on_time", "Met on time"
    MET_LATE = "met_late", "Met late"


class Freshness(TextChoices):
    """How old our own judgement is. Derived, never typed in."""

    CURRENT = "current", "Current"
    REVIEW_DUE = "review_due", "Review due"
    STALE = "stale", "Stale"
    NEVER_REVIEWED = "never_reviewed", "Never reviewed"


class FlagReason(TextChoices):
    """Why a reviewer should look."""

    NEVER_REVIEWED = "never_reviewed", "Never reviewed"
    STALE = "stale", "Stale"
    REVIEW_DUE = "review_due", "Review due"
    OVERDUE = "overdue", "Overdue"
    DUE_SOON = "due_soon", "Due soon"
    INACTIVE = "inactive", "Inactive"
    CLAIM_GAP = "claim_gap", "Claim-evidence gap"
    THIN_EVIDENCE = "thin_evidence", "Thin evidence"
    EVIDENCE_BROKEN = "evidence_broken", "Evidence broken"
    EVIDENCE_CHANGED = "evidence_changed", "Evidence changed"
    NEW_EVIDENCE = "new_evidence", "New evidence"


class EntryKind(TextChoices):
    """What a history entry records."""

    PUBLISHED = "published", "Published"
    STATUS = "status", "Delivery status"
    CLAIM = "claim", "Official claim"
    REVIEW = "review", "Review"
    EVIDENCE = "evidence", "Evidence"
    MILESTONE = "milestone", "Milestone"
    DEADLINE = "deadline", "Deadline"
    WORDING = "wording", "Wording"
    CORRECTION = "correction", "Correction"
    WITHDRAWN = "withdrawn", "Withdrawn"
    MERGED = "merged", "Merged"
    REDACTION = "redaction", "Redaction"


class SignOff(TextChoices):
    """Whether a second person has stood behind an entry."""

    UNSIGNED = "unsigned", "Not yet signed off"
    SIGNED = "signed", "Signed off by a second person"
    WAIVED = "waived", "Published without sign-off (one-person desk)"


class Precision(TextChoices):
    DAY = "day", "Day"
    MONTH = "month", "Month"
    QUARTER = "quarter", "Quarter"
    YEAR = "year", "Year"
    PLAN_PERIOD = "plan_period", "Plan period"


class Confidence(TextChoices):
    HIGH = "high", "High"
    MEDIUM = "medium", "Medium"
    LOW = "low", "Low"


class EvidenceType(TextChoices):
    """What the link opens."""

    LAW = "law", "Law"
    REGULATION = "regulation", "Regulation"
    NOTICE = "notice", "Notice"
    PLAN = "plan", "Plan"
    TREATY = "treaty", "Treaty"
    STATEMENT = "statement", "Statement"
    STATISTICS = "statistics", "Statistics"
    REPORT = "report", "Report"
    NEWS = "news", "News"
    ANALYSIS = "analysis", "Analysis"


class Nature(TextChoices):
    """What the document shows."""

    ANNOUNCEMENT = "announcement", "Announcement"
    ACTION = "action", "Action"
    DATA = "data", "Data"


class Grade(TextChoices):
    """How much weight a document carries. Derived from its type and publisher."""

    A = "A", "Legal text, treaty or official statistics"
    B = "B", "Other official statement or plan"
    C = "C", "Reputable report or news"
    D = "D", "Single unconfirmed report"


STATUS_DEFINITIONS = {
    Status.NO_EVIDENCE: "The public record was searched and no step was found. "
    "The reason says where we looked.",
    Status.ANNOUNCED: "Plans, drafts, pledges or talks about it, and nothing more.",
    Status.UNDER_WAY: "A formal step has been taken, or a measure that serves it is "
    "in force, but no part of the test is met.",
    Status.PARTLY_DELIVERED: "At least one part of the test is met.",
    Status.DELIVERED: "Every part of the test is met.",
    Status.ABANDONED: "An explicit official act gives it up. Silence or a passed date "
    "is not enough.",
    Status.REVERSED: "It was delivered or in force and has since been undone.",
    Status.NOT_ASSESSABLE: "The wording or the public record allows no judgement. "
    "The reason says why.",
}
STATUS_NEEDS = {
    Status.NO_EVIDENCE: "a reason that says where we searched",
    Status.ANNOUNCED: "at least one piece of evidence",
    Status.UNDER_WAY: "evidence of an action",
    Status.PARTLY_DELIVERED: "evidence of an action, or data, for each part met",
    Status.DELIVERED: "an official or primary document that shows the action, and an "
    "action or data for each part met",
    Status.ABANDONED: "an official document of the act",
    Status.REVERSED: "evidence of the action that undid it",
    Status.NOT_ASSESSABLE: "a reason",
}
POSITION_DEFINITIONS = {
    Position.NONE_STATED: "No official body has said where it stands.",
    Position.ANNOUNCED: "It says that it will be done.",
    Position.IN_PREPARATION: "It says that it is being prepared.",
    Position.IN_IMPLEMENTATION: "It says that it is being carried out.",
    Position.DECLARED_COMPLETE: "It says that it is done.",
    Position.POSTPONED: "It says that it will come later than promised.",
    Position.WITHDRAWN: "It says that it will not be done.",
}
SCHEDULE_DEFINITIONS = {
    Schedule.NO_DATE: "No date was given.",
    Schedule.NOT_DUE: "The date is more than 120 days away.",
    Schedule.DUE_SOON: "The date is within 120 days.",
    Schedule.OVERDUE: "The date has passed and the evidence does not show delivery.",
    Schedule.MET_ON_TIME: "Delivered on or before the date.",
    Schedule.MET_LATE: "Delivered after the date.",
}
FRESHNESS_DEFINITIONS = {
    Freshness.CURRENT: "Looked at within its review interval.",
    Freshness.REVIEW_DUE: "The review interval has passed since we last looked.",
    Freshness.STALE: "More than twice the review interval has passed.",
    Freshness.NEVER_REVIEWED: "Nobody has looked at the evidence yet.",
}
FLAG_DEFINITIONS = {
    FlagReason.NEVER_REVIEWED: "Nobody has looked at the evidence yet.",
    FlagReason.STALE: "Our judgement is more than twice its review interval old.",
    FlagReason.REVIEW_DUE: "Our review date has come.",
    FlagReason.OVERDUE: "The promised date has passed without delivery.",
    FlagReason.DUE_SOON: "The promised date is within 120 days.",
    FlagReason.INACTIVE: "No material event for 270 days.",
    FlagReason.CLAIM_GAP: "Declared complete, but the evidence shows less.",
    FlagReason.THIN_EVIDENCE: "Its status rests on one source, or on none official.",
    FlagReason.EVIDENCE_BROKEN: "A document behind its status cannot be opened.",
    FlagReason.EVIDENCE_CHANGED: "A document behind its status has changed.",
    FlagReason.NEW_EVIDENCE: "A suggested document waits to be read.",
}
GRADE_DEFINITIONS = {
    Grade.A: "A law, regulation or treaty, or an official notice or official "
    "statistics, read in the document itself.",
    Grade.B: "Another statement or plan of the responsible body.",
    Grade.C: "A report or news by a named outlet.",
    Grade.D: "A single report that nobody else confirms.",
}

# Entries that record something about the commitment in the world, and not just
# that we looked, attached a document or mended a text.
MATERIAL = (
    EntryKind.STATUS,
    EntryKind.CLAIM,
    EntryKind.MILESTONE,
    EntryKind.DEADLINE,
)
# Only these say up to which day evidence was looked at.
LOOKS = (EntryKind.STATUS, EntryKind.REVIEW)
# What takes effect only when a second person has signed it off (rule 7).
SIGNED_KINDS = (
    EntryKind.STATUS,
    EntryKind.CLAIM,
    EntryKind.MILESTONE,
    EntryKind.DEADLINE,
    EntryKind.WORDING,
    EntryKind.CORRECTION,
)
# What a correction may put right.
CORRECTABLE = (
    EntryKind.STATUS,
    EntryKind.CLAIM,
    EntryKind.REVIEW,
    EntryKind.EVIDENCE,
    EntryKind.MILESTONE,
    EntryKind.DEADLINE,
    EntryKind.WORDING,
)

REVIEW_EVERY = timedelta(days=90)
REVIEW_EVERY_WHEN_HOT = timedelta(days=30)
REVIEW_EVERY_WHEN_DELIVERED = timedelta(days=180)
DUE_SOON = timedelta(days=120)
POSITION_IS_NEW = timedelta(days=30)
INACTIVE_AFTER = timedelta(days=270)

# Shown for these, the evidence says nothing about the world yet.
WITHOUT_EVIDENCE = (Status.NO_EVIDENCE, Status.NOT_ASSESSABLE)
# Nothing more is expected of these, so a passed date is no reason to look.
ENDED = (Status.DELIVERED, Status.ABANDONED)


class RuleBroken(ValueError):
    """A rule of the record refuses what was asked.

    ``rule`` is its stable name, ``field`` the input to mend; the message names
    the rule and the mend in one or two sentences.
    """

    def __init__(self, rule: str, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.rule = rule
        self.field = field


class Document(Protocol):
    """The facts of a piece of evidence that the rules look at."""

    type: str
    nature: str
    official: bool


@dataclass(frozen=True)
class Judgement:
    """What an assessment says, reduced to what the rules compare."""

    status: str
    criteria_met: frozenset[str] = frozenset()


def period(day: date, precision: str) -> tuple[date, date]:
    """Return the first and last day of the period of ``precision`` around ``day``.

    The plan period is 2026-2030, as stated in the plan's title.
    """
    match Precision(precision):
        case Precision.DAY:
            return day, day
        case Precision.MONTH:
            first, last = day.month, day.month
        case Precision.QUARTER:
            first = (day.month - 1) // 3 * 3 + 1
            last = first + 2
        case Precision.YEAR:
            first, last = 1, 12
        case Precision.PLAN_PERIOD:
            return date(2026, 1, 1), date(2030, 12, 31)
    ends = calendar.monthrange(day.year, last)[1]
    return date(day.year, first, 1), date(day.year, last, ends)


def last_day(day: date, precision: str) -> date:
    """Return the day on which something dated this coarsely takes effect."""
    return period(day, precision)[1]


def grade(*, type: str, official: bool, reliability: str) -> Grade:
    """Return the grade of a document (rules: ``GRADE_DEFINITIONS``)."""
    legal = type in (EvidenceType.LAW, EvidenceType.REGULATION, EvidenceType.TREATY)
    own = type in (EvidenceType.NOTICE, EvidenceType.STATISTICS) and official
    if legal or own:
        return Grade.A
    if official:
        return Grade.B
    return Grade.D if reliability == Confidence.LOW else Grade.C


def is_primary(document: Document) -> bool:
    """Whether a document is official, or is itself the legal text or treaty."""
    return document.official or document.type in (
        EvidenceType.LAW,
        EvidenceType.REGULATION,
        EvidenceType.TREATY,
    )


def check_criteria(judgement: Judgement, test: Collection[str]) -> None:
    """Refuse parts of the test that do not fit the status.

    ``test`` holds the keys of all parts. Raises RuleBroken.
    """
    met, all_parts = judgement.criteria_met, frozenset(test)
    if unknown := met - all_parts:
        raise RuleBroken(
            "known_criteria",
            f"The test has no part {', '.join(sorted(unknown))}. Choose among "
            f"{', '.join(sorted(all_parts)) or 'none'}.",
            field="criteria_met",
        )
    if judgement.status == Status.DELIVERED and (met != all_parts or not all_parts):
        raise RuleBroken(
            "delivered_meets_every_part",
            "“Delivered” means that every part of the test is met. Mark the missing "
            f"parts ({', '.join(sorted(all_parts - met)) or 'the test has none'}) "
            "or choose “Partly delivered”.",
            field="criteria_met",
        )
    if judgement.status == Status.PARTLY_DELIVERED and (not met or met == all_parts):
        raise RuleBroken(
            "partly_delivered_meets_some_parts",
            "“Partly delivered” means that some parts of the test are met, not all. "
            "Mark the parts that are met, or choose “Delivered” or “Under way”.",
            field="criteria_met",
        )
    early = (*WITHOUT_EVIDENCE, Status.ANNOUNCED, Status.UNDER_WAY)
    if judgement.status in early and met:
        raise RuleBroken(
            "no_parts_before_partly_delivered",
            f"“{Status(judgement.status).label}” means that no part of the test is "
            "met. Unmark the parts, or choose “Partly delivered” or “Delivered”.",
            field="criteria_met",
        )


def check_change(old: Judgement | None, new: Judgement) -> None:
    """Refuse a step from ``old`` (None: no status yet) to ``new``.

    Rules 4 and 5 of the record. Raises RuleBroken.
    """
    if old is None:
        if new.status == Status.REVERSED:
            raise RuleBroken(
                "reversed_was_in_force",
                "“Reversed” needs something that was in force before. Record that "
                "status first, with the day on which it held.",
                field="status",
            )
        return
    if old == new:
        raise RuleBroken(
            "no_change",
            "This is the status, with the parts met, that already stands. Record a "
            "review instead: it says that you looked and nothing changed.",
            field="status",
        )
    if old.status == Status.DELIVERED and new.status != Status.REVERSED:
        raise RuleBroken(
            "delivered_only_to_reversed",
            "From “Delivered” a commitment can only become “Reversed”. If it was never "
            "delivered, correct the entry that said so.",
            field="status",
        )
    in_force = (Status.UNDER_WAY, Status.PARTLY_DELIVERED, Status.DELIVERED)
    if new.status == Status.REVERSED and old.status not in in_force:
        raise RuleBroken(
            "reversed_was_in_force",
            f"“Reversed” means that something in force was undone; "
            f"“{Status(old.status).label}” says that nothing was in force. Choose "
            "another status, or correct the earlier entry.",
            field="status",
        )
    if new.status != Status.REVERSED and (lost := old.criteria_met - new.criteria_met):
        raise RuleBroken(
            "parts_are_not_dropped",
            f"Part {', '.join(sorted(lost))} of the test was met before. If it was "
            "undone, choose “Reversed”; if the earlier entry was wrong, correct it.",
            field="criteria_met",
        )


def why_not(old: Judgement | None, status: str) -> str:
    """Return why no change to ``status`` is allowed, or "" where one may be.

    Looks at the step alone; parts met and evidence are checked with the form.
    """
    if old is not None and old.status == status:
        if status == Status.PARTLY_DELIVERED:
            return ""
        return "It already has this status; record a review instead."
    kept = old.criteria_met if old else frozenset()
    try:
        check_change(old, Judgement(status, kept))
    except RuleBroken as error:
        return str(error)
    return ""


def allowed_statuses(old: Judgement | None) -> list[Status]:
    """Return the statuses that an assessment may choose next."""
    return [status for status in Status if not why_not(old, status)]


def check_evidence(judgement: Judgement, evidence: Collection[Document]) -> None:
    """Refuse a status that its evidence cannot carry (rules 1 and 2).

    ``evidence`` is what the entry cites. Raises RuleBroken.
    """
    status = Status(judgement.status)
    shown = [d for d in evidence if d.nature in (Nature.ACTION, Nature.DATA)]
    actions = [d for d in evidence if d.nature == Nature.ACTION]
    refusals = {
        Status.ANNOUNCED: not evidence,
        Status.UNDER_WAY: not actions,
        Status.REVERSED: not actions,
        Status.PARTLY_DELIVERED: not shown,
        Status.DELIVERED: not any(is_primary(d) for d in actions),
        Status.ABANDONED: not any(d.official for d in evidence),
    }
    if not refusals.get(status, False):
        return
    rule, hint = {
        Status.ANNOUNCED: ("announced_needs_evidence", "Attach one."),
        Status.ABANDONED: (
            "abandoned_needs_official_act",
            "Silence or a passed date is no verdict: attach the official act.",
        ),
        Status.DELIVERED: (
            "delivered_needs_primary_evidence",
            "Attach the official or legal document that shows it done.",
        ),
    }.get(
        status,
        (
            "announcements_carry_only_announced",
            "Announcements alone carry no status past “Announced”: attach a document "
            "that shows the action, or choose “Announced”.",
        ),
    )
    raise RuleBroken(
        rule,
        f"“{status.label}” needs {STATUS_NEEDS[status]}. {hint}",
        field="evidence",
    )


def first_day_too_old(
    looked_until: date,
    *,
    status: str,
    due_on: date | None,
    position_since: date | None,
    own_interval: timedelta | None,
) -> date:
    """Return the first day on which the last look is older than its interval allows.

    The interval is the commitment's own; else 180 days when delivered; else 30
    days on any day within 120 days before the promised date or within 30 days
    after the official position changed; else 90 days.
    """
    if own_interval is not None:
        return looked_until + own_interval
    if status == Status.DELIVERED:
        return looked_until + REVIEW_EVERY_WHEN_DELIVERED
    days = [looked_until + REVIEW_EVERY]
    hot = looked_until + REVIEW_EVERY_WHEN_HOT
    if due_on is not None and (day := max(hot, due_on - DUE_SOON)) <= due_on:
        days.append(day)
    if position_since is not None:
        day = max(hot, position_since)
        if day <= position_since + POSITION_IS_NEW:
            days.append(day)
    return min(days)


def schedule(
    *, status: str, status_since: date | None, due_on: date | None, on: date
) -> Schedule:
    """Return how the promised date ``due_on`` stands on day ``on``."""
    if due_on is None:
        return Schedule.NO_DATE
    if status == Status.DELIVERED and status_since is not None:
        return Schedule.MET_ON_TIME if status_since <= due_on else Schedule.MET_LATE
    if on > due_on:
        return Schedule.OVERDUE
    return Schedule.DUE_SOON if due_on - on <= DUE_SOON else Schedule.NOT_DUE


def freshness(
    *, reviewed_on: date | None, review_due_on: date | None, on: date
) -> Freshness:
    """Return how old our judgement is on day ``on``."""
    if reviewed_on is None or review_due_on is None:
        return Freshness.NEVER_REVIEWED
    if on < review_due_on:
        return Freshness.CURRENT
    if on > stale_after(reviewed_on, review_due_on):
        return Freshness.STALE
    return Freshness.REVIEW_DUE


def stale_after(reviewed_on: date, review_due_on: date) -> date:
    """Return the last day before a judgement is stale: twice its interval."""
    return reviewed_on + 2 * (review_due_on - reviewed_on)


def count_words(text: str) -> int:
    """Return the number of words that the limit on reasons counts."""
    return len(text.split())


def labels(values: Iterable[TextChoices]) -> str:
    """Return the labels of ``values`` as one list for a sentence."""
    return ", ".join(f"“{value.label}”" for value in values)
