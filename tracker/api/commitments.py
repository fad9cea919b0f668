"""Commitments as they stood on a day, and what has happened to them."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Iterable, Sequence
from datetime import date
from functools import cache, lru_cache, partial
from typing import Any, ClassVar

import orjson
from django.db import connection
from django.http import Http404, HttpResponsePermanentRedirect
from django.urls import reverse
from django.utils import timezone
from rest_framework.response import Response

from commitments.models import Commitment, HistoryEntry, State
from tracker import browse, changes, finding, orders
from tracker.api import asking, cards, embedded, filters, record_serializers
from tracker.api.lists import CHUNK, RecordViewSet
from tracker.api.pagination import Page
from tracker.api.shapes import shape
from tracker.browse import Question
from tracker.changes import Asked
from tracker.orders import Key

PUBLIC = Commitment.objects.public()


def numbers(question: Question, page: Page) -> list[Any]:
    """Return ``pk`` and place of each commitment of a page, as it is today.

    Django takes longer to write the statement than a database to answer it, so each is
    kept as it was written.
    """
    # Punctuation alone finds nothing: of that Django writes no statement.
    if question.q:
        return list(_numbers(question, page))
    chosen = tuple(question.chosen.items())
    statement, given = _statement(chosen, question.claim_gap, question.today, page)
    row = _row(len(orders.NOW[page.order]))
    with connection.cursor() as cursor:
        cursor.execute(statement, given)
        return [row(*values) for values in cursor.fetchall()]


def _numbers(question: Question, page: Page) -> Any:
    keys = orders.NOW[page.order]
    rows = page.of(browse.narrowed(browse.now(), question), keys)
    return orders.bare(rows, keys)


@lru_cache(maxsize=500)
def _statement(
    chosen: tuple, claim_gap: bool | None, today: date, page: Page
) -> tuple[str, tuple]:
    question = Question(today=today, chosen=dict(chosen), claim_gap=claim_gap)
    return _numbers(question, page).query.sql_with_params()


@cache
def _row(keys: int) -> Any:
    return namedtuple("Row", ["pk", *(f"place_{n}" for n in range(keys))])


class CommitmentViewSet(RecordViewSet):
    """The commitments as they stood on a day; today unless told."""

    queryset = State.objects.all()
    serializer_class = record_serializers.StateSerializer
    detail_serializer_class = record_serializers.StateDetailSerializer
    lookup_field = "commitment__slug"
    lookup_url_kwarg = "slug"
    orders: ClassVar[dict[str, list[Key]]] = orders.COMMITMENTS
    days = browse.DAYS
    reads_own_parameters = True
    expandable = embedded.OF_A_STATE
    choices = asking.choices()

    def question(self) -> Question:
        """Return what is asked. Raises BadParameter."""
        if hasattr(self, "_question"):
            return self._question
        query, today = self.request.query_params, timezone.localdate()
        also = filters.also_known(self)
        if self.action in ("list", "count"):
            known = [*browse.PARAMETERS, *also]
            filters.refuse_unknown(query, known=known, many=browse.FACETS)
            self._question = browse.parse(query, today=today, also=also)
        else:
            filters.refuse_unknown(query, known=also)
            self._question = browse.parse_days(query, today=today)
        return self._question

    def get_queryset(self) -> Any:
        if self.is_drawn():
            return State.objects.all()
        question = self.question()
        if self.action == "retrieve":
            # Also what was withdrawn or merged: an address never dies.
            rows = State.objects.at(as_of=question.on, known_at=question.known_at)
            rows = cards.with_all(rows)
        else:
            rows = cards.with_names(browse.narrowed(browse.at(question), question))
        if question.is_past:
            rows = rows.select_related("wording_entry__text")
        return rows

    def is_on_cards(self) -> bool:
        """Whether the answer is what cards say: whole rows of JSON as they are today."""
        query = self.request.query_params
        if self.request.accepted_renderer.format == "csv":
            return False
        return not ("fields" in query or "expand" in query or self.question().is_past)

    def list(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        if request.accepted_renderer.format != "json" or not self.is_on_cards():
            return super().list(request, *args, **kwargs)
        question = self.question()
        find = partial(numbers, question)
        page = self.paginator.paginate(find, request, self)
        told = cards.texts([row.pk for row in page], on=question.on)
        results = orjson.Fragment(b"[" + b",".join(told) + b"]")
        return self.paginator.get_paginated_response(results)

    def streamed(self) -> tuple[Iterable[Any], list[str]]:
        if not self.is_on_cards():
            return super().streamed()
        question = self.question()
        rows = browse.narrowed(browse.now(), question)
        pks = orders.ordered(rows, self.keys()).values_list("pk", flat=True)
        told = cards.every(pks.iterator(CHUNK), on=question.on)
        return map(orjson.Fragment, told), []

    def keys(self) -> Sequence[Key]:
        # Cards are found by the commitments themselves.
        if self.action == "list" and self.is_on_cards():
            return orders.NOW[self.order()]
        return super().keys()

    def retrieve(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        question = self.question()
        if request.accepted_renderer.format == "json" and self.is_on_cards():
            text = cards.whole(kwargs["slug"], on=question.on)
            if text is not None:
                return Response(orjson.Fragment(text))
        found = self.get_queryset()
        state = found.filter(commitment__slug=kwargs["slug"]).first()
        if state is None:
            raise Http404
        if state.merged_into_id and not question.is_past:
            into = PUBLIC.get(pk=state.merged_into_id)
            address = reverse("api-commitment-detail", args=[into.slug])
            asked = request.META.get("QUERY_STRING", "")
            return HttpResponsePermanentRedirect(
                address + (f"?{asked}" if asked else "")
            )
        entries = finding.entries_known(question).filter(commitment=state.commitment_id)
        context = {
            **self.get_serializer_context(),
            "history": entries.whole().order_by("seq"),
        }
        serializer = record_serializers.StateDetailSerializer(state, context=context)
        return Response(shape(serializer, request, self.expandable).data)


class HistoryViewSet(RecordViewSet):
    """All that has happened, in the order of recording; `after` continues.

    Each entry holds all that enters its digest, so that anybody can check the chain.
    """

    queryset = HistoryEntry.objects.public().whole()
    serializer_class = record_serializers.HistorySerializer
    lookup_field = "seq"
    lookup_value_regex = "[0-9]{1,18}"
    orders: ClassVar[dict[str, list[Key]]] = orders.HISTORY
    order_name = "order"
    days = browse.DAYS
    reads_own_parameters = True
    expandable = embedded.OF_AN_ENTRY
    choices = asking.entry_choices()

    def asked(self) -> Asked:
        """Return which entries are asked for. Raises BadParameter."""
        query = self.request.query_params.copy()
        also = filters.also_known(self)
        if self.action == "retrieve":
            filters.refuse_unknown(query, known=also)
            return Asked(browse.parse_days(query, today=timezone.localdate()))
        own = ("entry", "material", "commitment", "after")
        known = [*browse.FACETS, "q", "claim_gap", *browse.DAYS, *own, *also]
        many = [*browse.FACETS, "entry"]
        filters.refuse_unknown(query, known=dict.fromkeys(known), many=many)
        for name in (*also, "after"):
            if name not in browse.DAYS:
                query.pop(name, None)
        slug = query.get("commitment", "")
        if slug and not PUBLIC.filter(slug=slug).exists():
            slugs = PUBLIC.order_by("slug").values_list("slug", flat=True)
            raise filters.unknown_name("commitment", slug, slugs)
        return changes.parse(query, today=timezone.localdate(), paged=False)

    def get_queryset(self) -> Any:
        if self.is_drawn():
            return super().get_queryset()
        found = changes.entries(self.asked()).whole()
        if self.action == "retrieve":
            return found
        after = filters.number(self.request, "after", least=0, most=2**62, usual=0)
        return found.filter(seq__gt=after) if after else found
