"""A record in which every private text is a marker of its own."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from string import ascii_lowercase
from typing import Any

from django.apps import apps
from django.db import connection, models
from django.utils import timezone

from commitments import guards, services
from commitments.models import Capture, Commitment, Evidence, HistoryEntry, Tip
from tests.commitments import desk
from tests.factories import DraftFactory, EvidenceFactory
from tests.tracker.record import Record, moment
from tracker.releases import making

from . import fields

# Every marker begins so: who searches for this finds each of them. Three letters stand
# by chance in one of some hundred mails, whose links are signed.
MARK = "zqxvj"
AT = moment(11, 2)
# What rows must have to be kept by the database.
GIVEN: dict[str, dict[str, Any]] = {
    "commitments.SchedulerLease": {"pk": 1},
    "commitments.Sweep": {"until": date(2027, 6, 30), "closed_at": AT},
    "commitments.Link": {"verdict_since": AT.date(), "checked_at": AT},
    "tracker.Mail": {"state": "sent", "sent_at": AT},
    "tracker.ReleaseOrder": {"done_at": AT},
    "tracker.Hold": {"released_at": AT},
}
# Rows that may have a text at all.
ONLY = {("commitments.Tip", "decided_by"): {"decided_at__isnull": False}}
# These name where bytes lie, or are asked for by name: looked for as they are.
AS_THEY_ARE = {("tracker.Release", "folder")}


@dataclass
class Planted:
    """What is to be found nowhere: each marker with the column that holds it."""

    record: Record
    draft: Any = None
    tips: list[Any] = field(default_factory=list)
    markers: dict[bytes, str] = field(default_factory=dict)

    def marker(self, model: str, name: str) -> str:
        if name in ("ip_address", "address") and model != "tracker.Follower":
            made = f"203.0.113.{len(self.markers) % 250}"
            if model.startswith("axes.") or model == "commitments.AuditEvent":
                self.markers[made.encode()] = f"{model}.{name}"
                return made
        first, second = divmod(len(self.markers), len(ascii_lowercase))
        made = f"{MARK}{ascii_lowercase[first]}{ascii_lowercase[second]}"
        self.markers[made.encode()] = f"{model}.{name}"
        return made

    def found_in(self, content: bytes) -> list[str]:
        """Return the columns whose text stands in some bytes."""
        low = content.lower()
        if MARK.encode() not in low:
            return [told for mark, told in self.markers.items() if mark in content]
        found = [told for mark, told in self.markers.items() if mark.lower() in low]
        return found or ["the beginning of all markers"]


@contextmanager
def guards_lifted():
    with guards.lifted(connection):
        yield


def plant(record: Record) -> Planted:
    """Return the record with all that readers must not see."""
    planted = Planted(record)
    making.make_release(at=moment(10, 1))
    work_at_the_desk(planted)
    with guards_lifted():
        _a_row_of_each()
        for model, name in fields.listed(fields.PRIVATE):
            _mark(planted, apps.get_model(model), name)
    _unpublished(planted)
    return planted


def work_at_the_desk(planted: Planted, *, is_answered: bool = True) -> None:
    """Do at the desk what it does: propose, claim, suggest, answer tips, give keys."""
    record, worker = planted.record, desk.account("worker", "reviewer")
    services.propose(
        commitment=record.gap,
        kind="claim",
        arguments={
            "position": "announced",
            "body": record.body,
            "reason": "To be signed off.",
            "evidence": [record.gap.evidence.first()],
            "effective_on": AT.date(),
        },
        by=worker,
        at=AT,
        comment="Please look.",
    )
    services.claim(commitment=record.gap, by=worker, at=timezone.now())
    services.suggest(url="https://found.example.org/x", by="machine:x", at=AT)
    services.make_key(
        name="k", scopes=["webhooks"], expires_at=AT + timedelta(900), at=AT
    )
    planted.tips = [
        services.receive_tip(
            message="It is wrong.",
            source_url="https://a.example.org/",
            email="sender@example.org",
            page="/changes/",
            commitment=record.moved,
            form_key=str(n),
            at=AT,
        )
        for n in range(2)
    ]
    answered = {"verdict": "declined", "by": worker, "at": AT + timedelta(1)}
    services.draft_answer(tip=planted.tips[0], answer="Not yet.", seen=1, **answered)
    if is_answered:
        services.decide_tip(
            tip=planted.tips[1], answer="Ours alone.", seen=1, **answered
        )


def _a_row_of_each() -> None:
    for model, _ in dict.fromkeys(fields.listed(fields.PRIVATE)):
        if not apps.get_model(model)._base_manager.exists():
            filled(apps.get_model(model))


def filled(model: type[models.Model]) -> Any:
    """Make a row with something in each column that must have something."""
    values: dict[str, Any] = dict(GIVEN.get(model._meta.label, {}))
    for one in model._meta.concrete_fields:
        is_name = one.primary_key and isinstance(one, models.CharField)
        is_given = one.name in values or one.has_default() or one.null
        if is_given or (one.primary_key and not is_name):
            continue
        if isinstance(one, models.ForeignKey):
            other = one.related_model
            values[one.name] = other._base_manager.first() or filled(other)
        elif one.choices:
            values[one.name] = one.choices[0][0]
        elif isinstance(one, models.DateTimeField):
            values[one.name] = AT
        elif isinstance(one, models.DateField):
            values[one.name] = AT.date()
        elif isinstance(one, (models.CharField, models.TextField)):
            values[one.name] = f"a-{one.name}"[: one.max_length]
        elif isinstance(one, models.JSONField):
            values[one.name] = {}
        elif isinstance(one, models.BooleanField):
            values[one.name] = False
        elif isinstance(one, (models.IntegerField, models.FloatField)):
            values[one.name] = 1
    return model._base_manager.create(**values)


def _mark(planted: Planted, model: type[models.Model], name: str) -> None:
    """Put a marker into a column of every row of a table."""
    label = model._meta.label
    only = ONLY.get((label, name), {})
    rows = model._base_manager.filter(**only).order_by("pk")
    keys = list(rows.values_list("pk", flat=True))
    assert keys, f"No row of {label} to plant in."
    if (label, name) in AS_THEY_ARE:
        for value in rows.values_list(name, flat=True):
            planted.markers[value.encode()] = f"{label}.{name}"
        return
    column = model._meta.get_field(name)
    marker = planted.marker(label, name)
    together = {
        n for names in model._meta.total_unique_constraints for n in names.fields
    }
    for n, key in enumerate(keys):
        value: Any = marker
        if column.unique or name in together:
            value = f"{marker}{n}"
        if isinstance(column, models.EmailField):
            value = f"{value}@example.org"
        elif isinstance(column, models.URLField):
            value = f"https://{value}.example.org/"
        elif isinstance(column, models.JSONField):
            value = {marker: marker}
        assert column.max_length is None or len(value) <= column.max_length, name
        model._base_manager.filter(pk=key).update(**{name: value})


def _unpublished(planted: Planted) -> None:
    """Make a draft, a document and a step of a tip in which each text is a marker."""
    marker = planted.marker
    record = planted.record
    texts = {
        name: marker("commitments.Commitment", name)
        for model, name in fields.listed(fields.ONCE_PUBLISHED)
        if model == "commitments.Commitment"
    }
    planted.draft = draft = DraftFactory(
        **texts, pillar=record.moved.pillar, official_position="none_stated"
    )
    draft.criteria.update(text=marker("commitments.Criterion", "text"))
    draft.milestones.create(
        key=marker("commitments.Milestone", "key"),
        title=marker("commitments.Milestone", "title"),
        due_on=date(2027, 1, 31),
        due_precision="month",
    )
    names = [
        name
        for model, name in fields.listed(fields.ONCE_PUBLISHED)
        if model == "commitments.Evidence"
    ]
    document = EvidenceFactory(
        **{
            name: (
                f"https://{marker('commitments.Evidence', name)}.example.org/"
                if name == "url"
                else marker("commitments.Evidence", name)
            )
            for name in names
        }
    )
    copy = filled_capture(document)
    with guards_lifted():
        Capture.objects.filter(pk=copy.pk).update(
            text=marker("commitments.Capture", "text")
        )
    # All that readers see leads to the draft as well, and must not say so.
    draft.evidence.add(document, record.moved.evidence.first())
    draft.bodies.add(record.body)
    draft.partners.add(record.partner)
    draft.topics.add(record.topic)
    draft.passages.add(record.source.passages.first())
    record.indicator.commitments.add(draft)
    Tip.objects.filter(decided_at=None).update(
        answer=marker("commitments.Tip", "answer")
    )
    assert Commitment.objects.drafts().count() == 1
    assert not Evidence.objects.public().filter(pk=document.pk).exists()
    assert not HistoryEntry.objects.filter(commitment=draft).exists()


def filled_capture(document: Evidence) -> Capture:
    return Capture.objects.create(
        evidence=document,
        origin="fetched",
        taken_at=AT,
        url=document.url,
        kind="html",
        size=1,
        sha256="0" * 64,
        text_sha256="0" * 64,
        warc="w",
        actor="machine:x",
    )
