"""The format of the catalogue's files, one model per kind of item.

The words allowed come from ``commitments.statuses`` and the models, so that there
is one vocabulary. Lengths are those of the database, or of what readers will read.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db.models import TextChoices
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
)

from commitments import statuses
from commitments.models import Body as BodyRow
from commitments.models import Commitment as CommitmentRow
from commitments.models import Indicator as IndicatorRow
from commitments.models import Partner as PartnerRow
from commitments.models import Passage as PassageRow

_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
_ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}\Z", re.ASCII)
_url = URLValidator(schemes=["http", "https"])

SLUG = r"^[a-z0-9]+(-[a-z0-9]+)*$"


def _short(value: object) -> str:
    """Return a value as a message quotes it."""
    text = str(value)
    return text if len(text) <= 60 else f"{text[:60]}…"


def _among(choices: type[TextChoices], *, but: str = "") -> Callable[[str], str]:
    allowed = [value for value in choices.values if value != but]

    def check(value: str) -> str:
        if value not in allowed:
            raise ValueError(f"“{_short(value)}” is not one of {', '.join(allowed)}.")
        return value

    return check


def _no_control(value: str) -> str:
    if _UNPRINTABLE.search(value):
        raise ValueError("It holds a control character. Remove it.")
    return value


def _printable(value: str) -> str:
    _no_control(value)
    if not value.strip():
        raise ValueError("It is empty. Write the text.")
    return value


def _at_most(words: int) -> Callable[[str], str]:
    def check(value: str) -> str:
        if (found := statuses.count_words(value)) > words:
            raise ValueError(f"It has {found} words. Shorten it to {words}.")
        return value

    return check


def _day(value: Any) -> date:
    if not isinstance(value, str) or not _ISO_DAY.match(value):
        raise ValueError(
            f'“{_short(value)}” is not a quoted date. Write it as "2026-03-01".'
        )
    try:
        return date.fromisoformat(value)
    except ValueError as error:
        raise ValueError(
            f"{value} is not a day of the calendar. Mend the date."
        ) from error


def _number(value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"“{_short(value)}” is not a number. Write digits, unquoted.")  # noqa: TRY004 (pydantic)
    if not math.isfinite(value) or abs(value) >= 10**14:
        raise ValueError(f"{value} is too large a number. Choose a larger unit.")
    number = Decimal(str(value))
    if number != round(number, 4):
        raise ValueError(f"{value} has more than four decimal places. Round it.")
    return number


def _title(value: str) -> str:
    if not value[:1].isupper() or value.endswith("."):
        raise ValueError("Start it with a capital letter and end it without a stop.")
    return value


def _each_once(values: list[str]) -> list[str]:
    twice = [value for value, count in Counter(values).items() if count > 1]
    if twice:
        raise ValueError(f"“{_short(twice[0])}” stands here twice. Keep one.")
    return values


def _address(value: str) -> str:
    try:
        _url(value)
    except ValidationError as error:
        raise ValueError(
            f"“{_short(value)}” is not a web address. Write it with https://."
        ) from error
    return value


Day = Annotated[date, BeforeValidator(_day)]
Number = Annotated[Decimal, BeforeValidator(_number)]
Slug = Annotated[str, StringConstraints(pattern=SLUG, max_length=50)]
LongSlug = Annotated[str, StringConstraints(pattern=SLUG, max_length=80)]
Line = Annotated[str, StringConstraints(max_length=200), AfterValidator(_printable)]
Title = Annotated[str, StringConstraints(max_length=300), AfterValidator(_printable)]
Long = Annotated[str, StringConstraints(max_length=2000), AfterValidator(_printable)]
Text = Annotated[Long, AfterValidator(_at_most(120))]
# May be empty: '' in the files.
Note = Annotated[str, StringConstraints(max_length=2000), AfterValidator(_no_control)]
Url = Annotated[str, StringConstraints(max_length=1000), AfterValidator(_address)]
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}$")]
Refs = Annotated[list[str], AfterValidator(_each_once)]
SomeRefs = Annotated[list[str], Field(min_length=1), AfterValidator(_each_once)]
Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
Words30 = Annotated[Long, AfterValidator(_at_most(30))]
Words45 = Annotated[Long, AfterValidator(_at_most(45))]
Words60 = Annotated[Long, AfterValidator(_at_most(60))]
Words90 = Annotated[Long, AfterValidator(_at_most(90))]

Precision = Annotated[str, AfterValidator(_among(statuses.Precision))]
# A plan period is no date for something that happened.
EventPrecision = Annotated[
    str, AfterValidator(_among(statuses.Precision, but="plan_period"))
]
Confidence = Annotated[str, AfterValidator(_among(statuses.Confidence))]
Status = Annotated[str, AfterValidator(_among(statuses.Status))]
# "None stated" is where no claim was recorded; nobody claims it.
Position = Annotated[str, AfterValidator(_among(statuses.Position, but="none_stated"))]


class Item(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class PillarItem(Item):
    number: int = Field(ge=1, le=99)
    slug: Slug
    title: Line
    title_zh: Line | None
    summary: Text


class PlanItem(Item):
    title: Line
    title_zh: Line | None
    starts_on: Day
    ends_on: Day
    coded_on: Day
    evidence_to: Day
    summary: Text
    pillars: list[PillarItem] = Field(min_length=1)


class BodyItem(Item):
    slug: Slug
    name: Line
    name_zh: Line | None
    short_name: Annotated[Line, StringConstraints(max_length=60)]
    kind: Annotated[str, AfterValidator(_among(BodyRow.Kind))]


class PartnerItem(Item):
    slug: Slug
    name: Line
    name_zh: Line | None
    kind: Annotated[str, AfterValidator(_among(PartnerRow.Kind))]
    iso2: Country | None = None
    members: list[Country] = []


class TopicItem(Item):
    slug: Slug
    name: Annotated[Line, StringConstraints(max_length=100)]
    name_zh: Annotated[Line, StringConstraints(max_length=100)] | None


class PassageItem(Item):
    ref: Annotated[
        str, StringConstraints(pattern=r"^[0-9]+\.[0-9]+\.[0-9]+$", max_length=20)
    ]
    role: Annotated[str, AfterValidator(_among(PassageRow.Role))]
    summary: Words30


class SourceItem(Item):
    slug: LongSlug
    title: Title
    title_zh: Title | None
    publisher: Line | None
    speaker: Line | None
    kind: Annotated[Line, StringConstraints(max_length=40)]
    delivered_on: Day | None = None
    published_on: Day | None = None
    language: Language
    url: Url | None
    note: Text | None
    passages: list[PassageItem] = Field(min_length=1)


class Due(Item):
    date: Day
    precision: Precision
    basis: Text


class MilestoneDue(Item):
    date: Day
    precision: Precision


class CriterionItem(Item):
    key: Annotated[str, StringConstraints(pattern=r"^[a-d]$")]
    text: Words60
    indicator: LongSlug | None = None
    at_least: Number | None = None
    at_most: Number | None = None


class MilestoneItem(Item):
    key: Annotated[str, StringConstraints(pattern=SLUG, max_length=60)]
    title: Line
    due: MilestoneDue | None = None
    met_on: Day | None = None
    precision: EventPrecision | None = None
    evidence: Refs


class StatusItem(Item):
    kind: Literal["status"]
    date: Day
    precision: EventPrecision
    status: Status
    criteria_met: Refs
    confidence: Confidence
    reason: Words60
    evidence: Refs


class ClaimItem(Item):
    kind: Literal["claim"]
    date: Day
    precision: EventPrecision
    position: Position
    body: Slug
    reason: Words60
    evidence: SomeRefs


class ReviewItem(Item):
    kind: Literal["review"]
    date: Day
    precision: EventPrecision
    confidence: Confidence
    reason: Words60
    evidence: Refs


Entry = Annotated[StatusItem | ClaimItem | ReviewItem, Field(discriminator="kind")]


class CommitmentItem(Item):
    slug: LongSlug
    ref: Annotated[str, StringConstraints(pattern=r"^[0-9]+\.[0-9]+$", max_length=12)]
    title: Annotated[Line, StringConstraints(max_length=70), AfterValidator(_title)]
    title_zh: Line | None
    statement: Words60
    reading: Words90
    kind: Annotated[str, AfterValidator(_among(CommitmentRow.Kind))]
    specificity: Annotated[str, AfterValidator(_among(CommitmentRow.Specificity))]
    trackable: bool
    untrackable_reason: Text | None = None
    passages: SomeRefs
    clause: Annotated[str, StringConstraints(pattern=r"^[a-z](-[a-z])?$")] | None = None
    bodies: SomeRefs
    partners: Refs
    topics: SomeRefs
    due: Due
    criteria: list[CriterionItem] = Field(max_length=4)
    milestones: list[MilestoneItem]
    indicators: Refs
    history: list[Entry]


class EvidenceItem(Item):
    id: Annotated[
        str,
        StringConstraints(
            pattern=r"^ev-[0-9]{4}-[0-9]{2}-[0-9]{2}-[a-z0-9]+(-[a-z0-9]+)*$",
            max_length=100,
        ),
    ]
    title: Title
    title_original: Title | None = None
    publisher: Line
    url: Url
    published_on: Day | None
    occurred_on: Day
    precision: EventPrecision
    language: Language
    type: Annotated[str, AfterValidator(_among(statuses.EvidenceType))]
    nature: Annotated[str, AfterValidator(_among(statuses.Nature))]
    official: bool
    reliability: Confidence
    summary: Words45
    commitments: Refs


class Baseline(Item):
    value: Number
    date: Day
    precision: EventPrecision
    passage: str | None


class Target(Item):
    value: Number
    date: Day


class ObservationItem(Item):
    date: Day
    precision: EventPrecision
    value: Number
    evidence: str | None = None
    note: Note | None


class IndicatorItem(Item):
    slug: LongSlug
    name: Line
    name_zh: Line | None = None
    unit: Annotated[Line, StringConstraints(max_length=60)]
    direction: Annotated[str, AfterValidator(_among(IndicatorRow.Direction))]
    comparator: Annotated[str, AfterValidator(_among(IndicatorRow.Comparator))]
    baseline: Baseline
    target: Target | None = None
    note: Note | None
    commitments: Refs
    observations: list[ObservationItem]
