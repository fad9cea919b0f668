"""The questions readers may ask of the list: the same words on pages and in the API.

``parse`` turns query parameters into a ``Question``; ``states`` answers it;
``facets`` counts what each further choice would leave. A value with a minus before
it leaves those rows out: ``status=-delivered``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from functools import reduce
from operator import or_
from typing import Any, TypeVar

from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from commitments.models import (
    Body,
    Commitment,
    Partner,
    Pillar,
    Responsibility,
    State,
    Topic,
)
from commitments.models.state import CLAIM_GAP, freshness_is, schedule_is
from commitments.statuses import Freshness, Position, Schedule, Status
from tracker import finding, languages, orders, writing

Rows = TypeVar("Rows", bound=QuerySet)
DAYS = ("as_of", "known_at")
FACETS = {
    "pillar": gettext_lazy("Pillar"),
    "status": gettext_lazy("Delivery status"),
    "schedule": gettext_lazy("Schedule"),
    "position": gettext_lazy("Official position"),
    "freshness": gettext_lazy("Our last look"),
    "kind": gettext_lazy("Kind of commitment"),
    "body": gettext_lazy("Responsible body"),
    "partner": gettext_lazy("Partner or region"),
    "topic": gettext_lazy("Topic"),
}
SORTS = {
    "ref": gettext_lazy("Reference"),
    "status": gettext_lazy("Status, furthest first"),
    "changed": gettext_lazy("Latest event"),
    "due": gettext_lazy("Promised date"),
    "review": gettext_lazy("Longest without review"),
}
PARAMETERS = ("q", *FACETS, "claim_gap", "sort", *DAYS)
VIEWS = {
    "table": gettext_lazy("Table"),
    "cards": gettext_lazy("Cards"),
    "timeline": gettext_lazy("Timeline"),
}
# What ties commitments to their subjects.
TIES: dict[str, Any] = {
    "body": Responsibility,
    "partner": Commitment.partners.through,
    "topic": Commitment.topics.through,
}
# Facets whose values follow from the day asked about.
DERIVED = {"schedule": schedule_is, "freshness": freshness_is}
NOT = "-"
LONGEST_SEARCH = 200
_CHOICES: dict[str, Any] = {
    "status": Status,
    "schedule": Schedule,
    "position": Position,
    "freshness": Freshness,
    "kind": Commitment.Kind,
}
COLUMNS = {
    "pillar": "commitment__pillar__number",
    "status": "status",
    "position": "official_position",
    "kind": "commitment__kind",
    "body": "commitment__bodies__slug",
    "partner": "commitment__partners__slug",
    "topic": "commitment__topics__slug",
}


class BadParameter(ValueError):
    """A parameter that cannot be answered.

    ``field`` is its name, ``message`` says what is wrong and how to mend it,
    ``known`` lists what would have been understood (may be empty).
    """

    def __init__(self, field: str, message: str, known: Iterable[str] = ()) -> None:
        super().__init__(message)
        self.field = field
        self.message = message
        self.known = list(known)


@dataclass(frozen=True)
class Question:
    """What a reader asks for. ``on`` is the day asked about, today unless told."""

    today: date
    q: str = ""
    chosen: dict[str, tuple[str, ...]] = field(default_factory=dict)
    claim_gap: bool | None = None
    sort: str = "ref"
    as_of: date | None = None
    known_at: date | None = None
    view: str = "table"
    # What was found out for words and days, so that it is asked once.
    memo: dict[Any, Any] = field(default_factory=dict, compare=False, repr=False)

    @property
    def on(self) -> date:
        return self.as_of or self.today

    @property
    def is_past(self) -> bool:
        """Whether the answer may differ from what holds today."""
        return self.as_of is not None or self.known_at is not None

    @property
    def is_narrowed(self) -> bool:
        return bool(self.q or self.chosen or self.claim_gap is not None)

    def days(self) -> dict[str, str]:
        """Return the days asked about, as parameters to pass on."""
        days = {"as_of": self.as_of, "known_at": self.known_at}
        return {name: day.isoformat() for name, day in days.items() if day}

    def parameters(self, *, without: tuple[str, str] = ("", "")) -> QueryDict:
        """Return the question as parameters, leaving out one (field, value)."""
        query = QueryDict(mutable=True)
        if self.q and without[0] != "q":
            query["q"] = self.q
        for name, values in self.chosen.items():
            query.setlist(name, [v for v in values if (name, v) != without])
        if self.claim_gap is not None and without[0] != "claim_gap":
            query["claim_gap"] = "true" if self.claim_gap else "false"
        if self.sort != "ref":
            query["sort"] = self.sort
        query.update(self.days())
        if self.view != "table":
            query["view"] = self.view
        return query

    def filters(self) -> QueryDict:
        """Return what decides which rows there are, however they are shown."""
        return replace(self, view="table").parameters()


def parse(query: QueryDict, *, today: date, also: Collection[str] = ()) -> Question:
    """Return the question that ``query`` asks.

    ``also`` names parameters that the caller reads itself. Raises BadParameter.
    """
    _refuse_unknown(query, known=[*PARAMETERS, *also])
    chosen = {}
    for name in FACETS:
        values = tuple(dict.fromkeys(v for v in query.getlist(name) if v))
        if values:
            chosen[name] = _known_values(name, values)
    search = single(query, "q").strip()
    if len(search) > LONGEST_SEARCH:
        raise BadParameter(
            "q",
            _("The search is too long. Use up to %(n)d characters.")
            % {"n": LONGEST_SEARCH},
        )
    return Question(
        today=today,
        q=search,
        chosen=chosen,
        claim_gap=yes_or_no(query, "claim_gap"),
        sort=one_of(query, "sort", SORTS) or "ref",
        as_of=day_of(query, "as_of", today=today),
        known_at=day_of(query, "known_at", today=today),
        view=("view" in also and one_of(query, "view", VIEWS)) or "table",
    )


def parse_list(query: QueryDict, *, today: date) -> Question:
    """Return the question of the list page, which also has a view (and pages).

    Raises BadParameter.
    """
    return parse(query, today=today, also=["view", "page"])


def parse_days(query: QueryDict, *, today: date) -> Question:
    """Return the question of a page that knows only days. Raises BadParameter.

    Other parameters are let be: links pick them up on their way.
    """
    return Question(
        today=today,
        as_of=day_of(query, "as_of", today=today),
        known_at=day_of(query, "known_at", today=today),
    )


def _refuse_unknown(query: QueryDict, *, known: Collection[str]) -> None:
    for name in query:
        if name not in known:
            raise BadParameter(
                name,
                _("There is no parameter “%(name)s”. Known: %(known)s.")
                % {"name": name, "known": writing.listed(known)},
                known,
            )


def single(query: QueryDict, name: str) -> str:
    """Return a value of ``query``, "" where it is not given.

    Raises BadParameter where it is given more than once.
    """
    values = query.getlist(name)
    if len(values) > 1:
        said = {"name": name, "n": len(values)}
        raise BadParameter(name, _("Give “%(name)s” once, not %(n)d times.") % said)
    return values[0] if values else ""


def one_of(query: QueryDict, name: str, known: Iterable[str]) -> str:
    """Return a ``known`` value of ``query``, "" where none is given.

    Raises BadParameter.
    """
    value, known = single(query, name), list(known)
    if value and value not in known:
        raise unknown_value(name, value, known)
    return value


def unknown_value(name: str, value: str, known: Collection[str]) -> BadParameter:
    """Return what is wrong with a value that ``name`` cannot have."""
    listed = writing.listed(known) or _("none")
    said = {"value": value[:80], "name": name, "known": listed}
    message = _("“%(value)s” is no value of “%(name)s”. Known: %(known)s.") % said
    return BadParameter(name, message, known)


def yes_or_no(query: QueryDict, name: str) -> bool | None:
    """Return whether ``query`` asks for it, None where it does not say.

    Raises BadParameter.
    """
    value = one_of(query, name, ("true", "false"))
    return value == "true" if value else None


def day_of(query: QueryDict, name: str, *, today: date) -> date | None:
    """Return the day that a parameter names, if it is given. Raises BadParameter."""
    value = single(query, name)
    if not value:
        return None
    try:
        day = date.fromisoformat(value)
    except ValueError:
        raise BadParameter(
            name,
            _("“%(value)s” is no day of the calendar. Write “%(name)s” like %(day)s.")
            % {"value": value, "name": name, "day": today.isoformat()},
        ) from None
    if day > today:
        raise BadParameter(
            name,
            _("“%(name)s” lies ahead: the record reaches to today, %(day)s.")
            % {"name": name, "day": today.isoformat()},
        )
    return day


def labels(name: str) -> dict[str, str]:
    """Return the values that a facet knows, with their words."""
    if name in _CHOICES:
        return dict(_CHOICES[name].choices)
    match name:
        case "pillar":
            return {str(p.number): languages.name(p) for p in Pillar.objects.all()}
        case "body":
            return _names(Body.objects)
        case "partner":
            return _names(Partner.objects)
    return _names(Topic.objects)


def _names(kind: Any) -> dict[str, str]:
    """Return the names of all bodies, partners or topics, by their slugs."""
    found = kind.values_list("slug", "name", "name_zh")
    return {slug: languages.choose(name, chinese) for slug, name, chinese in found}


def _known_values(name: str, values: tuple[str, ...]) -> tuple[str, ...]:
    known = labels(name)
    for value in values:
        if value.removeprefix(NOT) not in known:
            raise unknown_value(name, value, list(known))
    return values


def at(question: Question) -> QuerySet[State]:
    """Return the state of every published commitment on the days asked about."""
    known = State.objects.at(as_of=question.on, known_at=question.known_at)
    return known.standing_now().select_related("commitment__pillar")


def now() -> QuerySet[Commitment]:
    """Return every published commitment, whose columns hold what is true today."""
    return Commitment.objects.standing_now()


def counted(question: Question) -> QuerySet[Any]:
    """Return what is counted: commitments themselves for today, else their states."""
    return at(question) if question.is_past else now()


def states(question: Question) -> QuerySet[State]:
    """Return what matches, in the order asked for."""
    found = narrowed(at(question), question)
    return orders.ordered(found, orders.COMMITMENTS[question.sort])


def page(question: Question, start: int, stop: int) -> QuerySet[State]:
    """Return those of the ``states`` from one place in their order up to another.

    Which ones these are today is found as for the API, from an index of the order.
    Their states are asked for by slugs: by the keys of commitments, which states have too,
    PostgreSQL begins with the states, and reads all commitments.
    """
    if question.is_past:
        return states(question)[start:stop]
    found = orders.ordered(narrowed(now(), question), orders.NOW[question.sort])
    slugs = list(found.values_list("slug", flat=True)[start:stop])
    held = at(question).filter(commitment__slug__in=slugs)
    return orders.ordered(held, orders.COMMITMENTS[question.sort])


def narrowed(rows: Rows, question: Question, *, leaving_out: str = "") -> Rows:
    """Return those of ``rows`` that match, but for the facet ``leaving_out``.

    They are states, or (for today) commitments.
    """
    if question.q:
        said = finding.saying(question)
        rows = rows.filter(**{f"{_owner(rows.model)}__in": said})
    if question.claim_gap is not None:
        rows = rows.filter(CLAIM_GAP if question.claim_gap else ~CLAIM_GAP)
    for name, values in question.chosen.items():
        if name == leaving_out:
            continue
        wanted = tuple(v for v in values if not v.startswith(NOT))
        unwanted = tuple(v.removeprefix(NOT) for v in values if v.startswith(NOT))
        if wanted:
            rows = rows.filter(_has(rows.model, name, wanted, on=question.on))
        if unwanted:
            rows = rows.exclude(_has(rows.model, name, unwanted, on=question.on))
    return rows


def _owner(model: Any) -> str:
    """Return what leads from a row to the commitment that it is of."""
    return "pk" if model is Commitment else "commitment"


def column(model: Any, name: str) -> str:
    """Return a column of states as it is called from rows of ``model``."""
    return name.removeprefix("commitment__") if model is Commitment else name


def is_scored(model: Any) -> Q:
    """Return the condition that a row is of a commitment that can be tracked."""
    return Q(**{column(model, "commitment__trackable"): True})


def _has(model: Any, name: str, values: tuple[str, ...], *, on: date) -> Q:
    if name in DERIVED:
        # What cannot be tracked has neither a schedule nor a review.
        return is_scored(model) & reduce(
            or_, (DERIVED[name](value, on=on) for value in values)
        )
    if name in TIES:
        # Through a subquery: two matching bodies must not give two rows.
        tied = TIES[name].objects.filter(**{f"{name}__slug__in": values})
        tied = tied.values("commitment")
        if model is Commitment:
            # Distinct, it is answered first: PostgreSQL else asks it of one commitment of
            # an order after the other, for long where few have the body.
            tied = tied.distinct()
        return Q(**{f"{_owner(model)}__in": tied})
    return Q(**{f"{column(model, COLUMNS[name])}__in": values})
