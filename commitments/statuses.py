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
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Status(TextChoices):
    """Delivery status: what public evidence shows."""

    NO_EVIDENCE = "no_evidence", _("No public evidence")
    ANNOUNCED = "announced", _("Announced")
    UNDER_WAY = "under_way", _("Under way")
    PARTLY_DELIVERED = "partly_delivered", _("Partly delivered")
    DELIVERED = "delivered", _("Delivered")
    ABANDONED = "abandoned", _("Abandoned")
    REVERSED = "reversed", _("Reversed")
    NOT_ASSESSABLE = "not_assessable", _("Not assessable")


# How lists are ordered by status.
FURTHEST_FIRST = (
    Status.DELIVERED,
    Status.PARTLY_DELIVERED,
    Status.UNDER_WAY,
    Status.ANNOUNCED,
    Status.NO_EVIDENCE,
    Status.ABANDONED,
    Status.REVERSED,
    Status.NOT_ASSESSABLE,
)


class Position(TextChoices):
    """Official position: what the responsible body says."""

    NONE_STATED = "none_stated", _("None stated")
    ANNOUNCED = "announced", _("Announced")
    IN_PREPARATION = "in_preparation", _("In preparation")
    IN_IMPLEMENTATION = "in_implementation", _("In implementation")
    DECLARED_COMPLETE = "declared_complete", _("Declared complete")
    POSTPONED = "postponed", _("Postponed")
    WITHDRAWN = "withdrawn", pgettext_lazy("official position", "Withdrawn")


class Schedule(TextChoices):
    """How the promiser's own date stands. Derived, never typed in."""

    NO_DATE = "no_date", _("No date")
    NOT_DUE = "not_due", _("Not due")
    DUE_SOON = "due_soon", _("Due soon")
    OVERDUE = "overdue", _("Overdue")
    MET_ON_TIME = "met_on_time", _("Met on time")
    MET_LATE = "met_late", _("Met late")


class Freshness(TextChoices):
    """How old our own judgement is. Derived, never typed in."""

    CURRENT = "current", pgettext_lazy("freshness", "Current")
    REVIEW_DUE = "review_due", _("Review due")
    STALE = "stale", pgettext_lazy("freshness", "Stale")
    NEVER_REVIEWED = "never_reviewed", _("Never reviewed")


class FlagReason(TextChoices):
    """Why a reviewer should look."""

    NEVER_REVIEWED = "never_reviewed", _("Never reviewed")
    STALE = "stale", pgettext_lazy("freshness", "Stale")
    REVIEW_DUE = "review_due", _("Review due")
    OVERDUE = "overdue", _("Overdue")
    DUE_SOON = "due_soon", _("Due soon")
    INACTIVE = "inactive", _("Inactive")
    CLAIM_GAP = "claim_gap", _("Claim-evidence gap")
    THIN_EVIDENCE = "thin_evidence", _("Thin evidence")
    EVIDENCE_BROKEN = "evidence_broken", _("Evidence broken")
    EVIDENCE_CHANGED = "evidence_changed", _("Evidence changed")
    NEW_EVIDENCE = "new_evidence", _("New evidence")


class EntryKind(TextChoices):
    """What a history entry records."""

    PUBLISHED = "published", pgettext_lazy("history entry", "Published")
    STATUS = "status", _("Delivery status")
    CLAIM = "claim", _("Official claim")
    REVIEW = "review", _("Review")
    EVIDENCE = "evidence", _("Evidence")
    MILESTONE = "milestone", _("Milestone")
    DEADLINE = "deadline", _("Deadline")
    WORDING = "wording", _("Wording")
    CORRECTION = "correction", _("Correction")
    WITHDRAWN = "withdrawn", pgettext_lazy("history entry", "Withdrawn")
    MERGED = "merged", pgettext_lazy("history entry", "Merged")
    REDACTION = "redaction", _("Redaction")


class SignOff(TextChoices):
    """Whether a second person has stood behind an entry."""

    UNSIGNED = "unsigned", _("Not yet signed off")
    SIGNED = "signed", _("Signed off by a second person")
    WAIVED = "waived", _("Published without sign-off (one-person desk)")


class Precision(TextChoices):
    DAY = "day", "Day"
    MONTH = "month", "Month"
    QUARTER = "quarter", "Quarter"
    YEAR = "year", "Year"
    PLAN_PERIOD = "plan_period", "Plan period"


class Confidence(TextChoices):
    HIGH = "high", pgettext_lazy("confidence", "High")
    MEDIUM = "medium", pgettext_lazy("confidence", "Medium")
    LOW = "low", pgettext_lazy("confidence", "Low")


class EvidenceType(TextChoices):
    """What the link opens."""

    LAW = "law", _("Law")
    REGULATION = "regulation", _("Regulation")
    NOTICE = "notice", pgettext_lazy("type of document", "Notice")
    PLAN = "plan", pgettext_lazy("type of document", "Plan")
    TREATY = "treaty", _("Treaty")
    STATEMENT = "statement", pgettext_lazy("type of document", "Statement")
    STATISTICS = "statistics", _("Statistics")
    REPORT = "report", pgettext_lazy("type of document", "Report")
    NEWS = "news", _("News")
    ANALYSIS = "analysis", _("Analysis")


class Nature(TextChoices):
    """What the document shows."""

    ANNOUNCEMENT = (
        "announcement",
        pgettext_lazy("what a document shows", "Announcement"),
    )
    ACTION = "action", pgettext_lazy("what a document shows", "Action")
    DATA = "data", pgettext_lazy("what a document shows", "Data")


class Grade(TextChoices):
    """How much weight a document carries. Derived from its type and publisher."""

    A = "A", _("Legal text, treaty or official statistics")
    B = "B", _("Other official statement or plan")
    C = "C", _("Reputable report or news")
    D = "D", _("Single unconfirmed report")


STATUS_DEFINITIONS = {
    Status.NO_EVIDENCE: _(
        "The public record was searched and no step was found. "
        "The reason says where we looked."
    ),
    Status.ANNOUNCED: _("Plans, drafts, pledges or talks about it, and nothing more."),
    Status.UNDER_WAY: _(
        "A formal step has been taken, or a measure that serves it is "
        "in force, but no part of the test is met."
    ),
    Status.PARTLY_DELIVERED: _("At least one part of the test is met."),
    Status.DELIVERED: _("Every part of the test is met."),
    Status.ABANDONED: _(
        "An explicit official act gives it up. Silence or a passed date is not enough."
    ),
    Status.REVERSED: _("It was delivered or in force and has since been undone."),
    Status.NOT_ASSESSABLE: _(
        "The wording or the public record allows no judgement. The reason says why."
    ),
}
STATUS_NEEDS = {
    Status.NO_EVIDENCE: _("a reason that says where we searched"),
    Status.ANNOUNCED: _("at least one piece of evidence"),
    Status.UNDER_WAY: _("evidence of an action"),
    Status.PARTLY_DELIVERED: _("evidence of an action, or data, for each part met"),
    Status.DELIVERED: _(
        "an official or primary document that shows the action, and an "
        "action or data for each part met"
    ),
    Status.ABANDONED: _("an official document of the act"),
    Status.REVERSED: _("evidence of the action that undid it"),
    Status.NOT_ASSESSABLE: _("a reason"),
}
POSITION_DEFINITIONS = {
    Position.NONE_STATED: _("No official body has said where it stands."),
    Position.ANNOUNCED: _("It says that it will be done."),
    Position.IN_PREPARATION: _("It says that it is being prepared."),
    Position.IN_IMPLEMENTATION: _("It says that it is being carried out."),
    Position.DECLARED_COMPLETE: _("It says that it is done."),
    Position.POSTPONED: _("It says that it will come later than promised."),
    Position.WITHDRAWN: _("It says that it will not be done."),
}
SCHEDULE_DEFINITIONS = {
    Schedule.NO_DATE: _("No date was given."),
    Schedule.NOT_DUE: _("The date is more than 120 days away."),
    Schedule.DUE_SOON: _("The date is within 120 days."),
    Schedule.OVERDUE: _("The date has passed and the evidence does not show delivery."),
    Schedule.MET_ON_TIME: _("Delivered on or before the date."),
    Schedule.MET_LATE: _("Delivered after the date."),
}
FRESHNESS_DEFINITIONS = {
    Freshness.CURRENT: _("Looked at within its review interval."),
    Freshness.REVIEW_DUE: _("The review interval has passed since we last looked."),
    Freshness.STALE: _("More than twice the review interval has passed."),
    Freshness.NEVER_REVIEWED: _("Nobody has looked at the evidence yet."),
}
FLAG_DEFINITIONS = {
    FlagReason.NEVER_REVIEWED: _("Nobody has looked at the evidence yet."),
    FlagReason.STALE: _("Our judgement is more than twice its review interval old."),
    FlagReason.REVIEW_DUE: _("Our review date has come."),
    FlagReason.OVERDUE: _("The promised date has passed without delivery."),
    FlagReason.DUE_SOON: _("The promised date is within 120 days."),
    FlagReason.INACTIVE: _("No material event for 270 days."),
    FlagReason.CLAIM_GAP: _("Declared complete, but the evidence shows less."),
    FlagReason.THIN_EVIDENCE: _("Its status rests on one source, or on none official."),
    FlagReason.EVIDENCE_BROKEN: _("A document behind its status cannot be opened."),
    FlagReason.EVIDENCE_CHANGED: _("A document behind its status has changed."),
    FlagReason.NEW_EVIDENCE: _("A suggested document waits to be read."),
}
GRADE_DEFINITIONS = {
    Grade.A: _(
        "A law, regulation or treaty, or an official notice or official "
        "statistics, read in the document itself."
    ),
    Grade.B: _("Another statement or plan of the responsible body."),
    Grade.C: _("A report or news by a named outlet."),
    Grade.D: _("A single report that nobody else confirms."),
}

# Documents of grade A, and those that have it where the responsible body issued them.
LEGAL = (EvidenceType.LAW, EvidenceType.REGULATION, EvidenceType.TREATY)
OFFICIAL_PAPERS = (EvidenceType.NOTICE, EvidenceType.STATISTICS)

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
    EntryKind.WITHDRAWN,
    EntryKind.MERGED,
)
# Of these a correction can only say that they should not have been recorded.
STRUCK_ONLY = (EntryKind.WORDING, EntryKind.WITHDRAWN, EntryKind.MERGED)

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
    if type in LEGAL or (type in OFFICIAL_PAPERS and official):
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
    if due_on is not None and hot <= due_on:
        days.append(max(hot, due_on - DUE_SOON))
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
