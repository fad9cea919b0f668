"""What can be imported and exported: the columns of each kind, and its own rules."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Exists, Model, OuterRef, QuerySet
from django.utils.text import slugify
from import_export.resources import Resource

from commitments.models import (
    Body,
    Citation,
    Commitment,
    Evidence,
    Indicator,
    Observation,
    Partner,
    Passage,
    Pillar,
    Topic,
)
from commitments.statuses import Confidence, EvidenceType, Nature, Precision, grade
from commitments.validation import check_ref, same_page

from .columns import (
    Bodies,
    Choice,
    Column,
    Day,
    Decimals,
    Line,
    Link,
    Links,
    Passages,
    Prose,
    Ref,
    Shown,
    Test,
    Whole,
    YesNo,
)
from .reading import Row

Problem = tuple[str, str]

WORDING = "Use “Amend wording” on its page."
DATES = "Use “Move deadline” on its page."
FOR_GOOD = (
    "Nothing changes it. Where it is wrong, withdraw this commitment and draft another."
)
# Ten years of days: twice the plan.
LONGEST_INTERVAL = 3650


class BulkResource(Resource):
    """A kind of row. ``identity`` tells which row of the record a line is about."""

    model: type[Model]
    identity: tuple[str, ...]
    # What no two rows may share: a column, or an attribute kept from one.
    unique: tuple[str, ...] = ()
    past: tuple[str, ...] = ()

    @property
    def columns(self) -> list[Column]:
        return self.get_export_fields()

    def by_name(self) -> dict[str, Column]:
        return {column.column_name: column for column in self.columns}

    def rows(self) -> QuerySet[Any]:
        """Return all rows with what their columns show, in a stable order."""
        raise NotImplementedError

    def missing(self, row: Row) -> list[Problem]:
        """Return what a row lacks to be told from others."""
        return [
            (name, "It is empty. Fill it in: it tells which row this is.")
            for name in self.identity
            if row.get(name) in (None, "")
        ]

    def key(self, row: Row) -> str:
        """Return what tells which row of the record a line is about."""
        return str(row["slug"]).strip()

    def existing(self, keys: Sequence[str]) -> dict[str, Model]:
        """Return the rows of the record that are meant, by their keys."""
        return {row.slug: row for row in self.rows().filter(slug__in=keys)}

    def rules(
        self, instance: Any, *, new: bool, many: dict[str, Any]
    ) -> Iterable[Problem]:
        """Yield what the rules of this kind refuse in a row, by column.

        ``many`` holds the rows of other tables that it was given.
        """
        return ()

    def derived(self, instance: Any, column: str) -> str | None:
        """Return what a column that is not imported will show of a changed row."""
        return None

    def finish(self, instance: Any) -> None:
        """Fill in what follows from a new or changed row, before it is written."""

    def init_instance(self, row: Row | None = None) -> Model:
        return self.model()


class CommitmentResource(BulkResource):
    """Drafts, and of published commitments what publication did not fix."""

    model = Commitment
    identity = ("slug",)
    unique = ("ref",)
    past = ("stated_on",)

    slug = Column("slug", Line())
    ref = Column("ref", Ref(), act=FOR_GOOD)
    pillar = Column("pillar", Link(Pillar.objects, what="pillar"), act=FOR_GOOD)
    title = Column("title", Line(), act=WORDING)
    title_zh = Column("title_zh", Line(), act=WORDING)
    statement = Column("statement", Prose(), act=WORDING)
    reading = Column("reading", Prose(), act=WORDING)
    kind = Column("kind", Choice(Commitment.Kind), act=FOR_GOOD)
    specificity = Column("specificity", Choice(Commitment.Specificity))
    trackable = Column("trackable", YesNo(default=True), act=FOR_GOOD)
    untrackable_reason = Column("untrackable_reason", Prose(), act=FOR_GOOD)
    clause = Column("clause", Line(), act=FOR_GOOD)
    stated_on = Column("stated_on", Day(), act=FOR_GOOD)
    original_due_on = Column("original_due_on", Day(), act=DATES)
    original_due_precision = Column(
        "original_due_precision", Choice(Precision), act=DATES
    )
    due_basis = Column("due_basis", Prose(), act=DATES)
    review_interval = Column("review_interval", Whole(), act=FOR_GOOD)
    criteria = Column("criteria", Test(), act=WORDING, many=True)
    passages = Column(
        "passages",
        Passages(Passage.objects.select_related("source"), what="passage"),
        many=True,
    )
    bodies = Column(
        "responsibilities", Bodies(Body.objects, what="body"), many=True, name="bodies"
    )
    partners = Column("partners", Links(Partner.objects, what="partner"), many=True)
    topics = Column("topics", Links(Topic.objects, what="topic"), many=True)
    standing = Column("standing", Shown(), readonly=True)
    status = Column("status", Shown(), readonly=True)
    status_since = Column("status_since", Shown(), readonly=True)
    criteria_met = Column("criteria_met", Shown(), readonly=True)
    confidence = Column("confidence", Shown(), readonly=True)
    official_position = Column("official_position", Shown(), readonly=True)
    position_since = Column("position_since", Shown(), readonly=True)
    due_on = Column("due_on", Shown(), readonly=True)
    due_precision = Column("due_precision", Shown(), readonly=True)
    reviewed_on = Column("reviewed_on", Shown(), readonly=True)
    review_due_on = Column("review_due_on", Shown(), readonly=True)
    signed_off = Column("signed_off", Shown(), readonly=True)

    def rows(self) -> QuerySet[Any]:
        return (
            Commitment.objects.select_related("pillar")
            .prefetch_related(
                "passages__source",
                "responsibilities__body",
                "partners",
                "topics",
                "criteria",
            )
            .order_by("ref_order", "pk")
        )

    def rules(
        self, instance: Any, *, new: bool, many: dict[str, Any]
    ) -> Iterable[Problem]:
        if not many.get("passages", not new):
            yield "passages", "It is empty. Name the sentence it is read from."
        try:
            check_ref(instance.ref)
        except ValidationError as error:
            yield "ref", str(error.message)
        if not instance.trackable and not instance.untrackable_reason:
            yield "untrackable_reason", "It is empty. Say why it cannot be tracked."
        due, precision = instance.original_due_on, instance.original_due_precision
        if due and instance.stated_on and due < instance.stated_on:
            yield "original_due_on", "A promise cannot be due before it is made."
        if due and not precision:
            yield (
                "original_due_precision",
                f"It is empty. Say how exact the date is. {Choice(Precision).mend}",
            )
        if precision and not due:
            yield "original_due_on", "It is empty, but its precision is given."
        interval = instance.review_interval
        if interval is not None and not 1 <= interval <= LONGEST_INTERVAL:
            yield (
                "review_interval",
                f"Give 1 to {LONGEST_INTERVAL:,} days, or leave it empty.",
            )

    def finish(self, instance: Any) -> None:
        instance.place()


class EvidenceResource(BulkResource):
    """Documents. What history cites of one is changed on its own page alone."""

    model = Evidence
    identity = ("slug", "url")
    unique = ("slug", "url", "page_key")
    past = ("occurred_on", "published_on")

    slug = Column("slug", Line())
    url = Column("url", Line(), cited=True)
    title = Column("title", Line())
    title_original = Column("title_original", Line())
    publisher = Column("publisher", Line())
    published_on = Column("published_on", Day())
    occurred_on = Column("occurred_on", Day())
    precision = Column("precision", Choice(Precision, default=Precision.DAY))
    language = Column("language", Line())
    type = Column("type", Choice(EvidenceType))
    nature = Column("nature", Choice(Nature), cited=True)
    official = Column("official", YesNo(), cited=True)
    reliability = Column("reliability", Choice(Confidence))
    summary = Column("summary", Prose())
    unreadable_since = Column("unreadable_since", Day())
    grade = Column("grade", Shown(), readonly=True)
    commitments = Column(
        "commitments", Links(Commitment.objects, what="commitment"), readonly=True
    )

    def rows(self) -> QuerySet[Any]:
        cited = Citation.objects.filter(evidence=OuterRef("pk"))
        return (
            Evidence.objects.annotate(is_cited=Exists(cited))
            .prefetch_related("commitments")
            .order_by("-occurred_on", "-pk")
        )

    def missing(self, row: Row) -> list[Problem]:
        if any(row.get(name) not in (None, "") for name in self.identity):
            return []
        return [("url", "It is empty, and so is slug. Fill in at least one of them.")]

    def key(self, row: Row) -> str:
        slug = str(row.get("slug") or "").strip()
        return f"slug:{slug}" if slug else f"page:{_page(row.get('url'))}"

    def existing(self, keys: Sequence[str]) -> dict[str, Model]:
        slugs = [key[5:] for key in keys if key.startswith("slug:")]
        pages = [key[5:] for key in keys if key.startswith("page:")]
        found: dict[str, Model] = {
            f"slug:{row.slug}": row for row in self.rows().filter(slug__in=slugs)
        }
        if pages:
            for row in self.rows().filter(page_key__in=pages):
                found[f"page:{row.page_key}"] = row
        return found

    def derived(self, instance: Any, column: str) -> str | None:
        if column != "grade":
            return None
        return grade(
            type=instance.type,
            official=instance.official,
            reliability=instance.reliability,
        )

    def finish(self, instance: Any) -> None:
        instance.page_key = _page(instance.url)
        if not instance.slug:
            # Its page tells it from every other document, so its digest does too.
            stem = slugify(instance.title)[:85].strip("-") or "document"
            digest = hashlib.sha256(instance.page_key.encode()).hexdigest()
            instance.slug = f"{stem}-{digest[:8]}"


def _page(url: Any) -> str:
    """Return the key of the page, or the text itself where it is no address."""
    try:
        return same_page(str(url).strip())
    except ValueError:
        return str(url).strip()


class ObservationResource(BulkResource):
    """Dated values of indicators, each with its evidence."""

    model = Observation
    identity = ("indicator", "observed_on")
    past = ("observed_on",)

    indicator = Column("indicator", Link(Indicator.objects, what="indicator"))
    observed_on = Column("observed_on", Day())
    evidence = Column("evidence", Link(Evidence.objects, what="evidence"))
    value = Column("value", Decimals())
    precision = Column("precision", Choice(Precision))
    note = Column("note", Prose())

    def rows(self) -> QuerySet[Any]:
        return Observation.objects.select_related("indicator", "evidence").order_by(
            "indicator__slug", "observed_on", "pk"
        )

    def key(self, row: Row) -> str:
        parts = (row["indicator"], row["observed_on"], row.get("evidence") or "")
        return "|".join(str(part).strip() for part in parts)

    def existing(self, keys: Sequence[str]) -> dict[str, Model]:
        indicators = {key.split("|")[0] for key in keys}
        days = {day for key in keys if (day := _day(key.split("|")[1]))}
        rows = self.rows().filter(indicator__slug__in=indicators, observed_on__in=days)
        return {
            f"{row.indicator.slug}|{row.observed_on}|"
            f"{row.evidence.slug if row.evidence else ''}": row
            for row in rows
        }


def _day(text: str) -> date | None:
    try:
        return Day().clean(text)
    except ValueError:
        return None


RESOURCES: dict[str, type[BulkResource]] = {
    "commitments": CommitmentResource,
    "evidence": EvidenceResource,
    "observations": ObservationResource,
}
