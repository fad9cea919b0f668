"""The vocabulary of judgement and its intervals, as data: no database, no clock.

To change a word or an interval, change a line here; the admin, the API, the import
and the method page all read it from this module. What may follow what stands in
`rules.py`.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterable
from datetime import date, timedelta

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
