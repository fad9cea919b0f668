"""Writing checked rows: a batch at a time, with statements instead of loops."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib.admin.models import ADDITION, CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model

from commitments.models import Commitment, Criterion, Responsibility

from .checking import NEW, UNCHANGED, Outcome


def write(
    outcomes: Sequence[Outcome], *, model: type[Model], by: Any, why: str
) -> None:
    """Write a batch, and who did it into the log of the desk.

    Called in the transaction that holds the lock of the record.
    """
    due = [o for o in outcomes if o.kind != UNCHANGED]
    if not due:
        return
    _write_rows(model, due)
    if model is Commitment:
        _write_relations(due)
    kind = ContentType.objects.get_for_model(model)
    LogEntry.objects.bulk_create(
        LogEntry(
            user_id=by.pk,
            content_type=kind,
            object_id=str(o.instance.pk),
            object_repr=str(o.instance)[:200],
            action_flag=ADDITION if o.kind == NEW else CHANGE,
            change_message=f"{why}: {', '.join(name for name, _, _ in o.changes)}",
        )
        for o in due
    )


def _write_rows(model: type[Model], due: list[Outcome]) -> None:
    objects = model._default_manager
    objects.bulk_create([o.instance for o in due if o.new])
    names = {
        field.name
        for field in model._meta.concrete_fields
        if not field.primary_key and not field.generated
    }
    changed = [o.instance for o in due if not o.new]
    if changed:
        # One statement for a batch, whichever columns changed in which row.
        objects.bulk_create(
            changed,
            update_conflicts=True,
            unique_fields=["pk"],
            update_fields=sorted(names),
        )


def _write_relations(due: list[Outcome]) -> None:
    for name in ("passages", "partners", "topics"):
        _write_links(name, due)
    bodies = [o for o in due if "bodies" in o.many]
    Responsibility.objects.filter(
        commitment__in=[o.instance.pk for o in bodies if not o.new]
    ).delete()
    Responsibility.objects.bulk_create(
        Responsibility(commitment=o.instance, body=body, position=position)
        for o in bodies
        for position, body in enumerate(o.many["bodies"], start=1)
    )
    _write_criteria([o for o in due if "criteria" in o.many])


def _write_links(name: str, due: list[Outcome]) -> None:
    relation: Any = Commitment._meta.get_field(name)
    through, target = relation.remote_field.through, relation.m2m_reverse_name()
    meant = [o for o in due if name in o.many]
    through.objects.filter(
        commitment__in=[o.instance.pk for o in meant if not o.new]
    ).delete()
    through.objects.bulk_create(
        through(**{"commitment_id": o.instance.pk, target: row.pk})
        for o in meant
        for row in o.many[name]
    )


def _write_criteria(due: list[Outcome]) -> None:
    """Bring the tests of drafts to what was given; thresholds of parts stay."""
    stored = {
        (part.commitment_id, part.key): part
        for part in Criterion.objects.filter(
            commitment__in=[o.instance.pk for o in due if not o.new]
        )
    }
    added, changed = [], []
    for outcome in due:
        for key, text in outcome.many["criteria"].items():
            part = stored.pop((outcome.instance.pk, key), None)
            if part is None:
                added.append(Criterion(commitment=outcome.instance, key=key, text=text))
            elif part.text != text:
                part.text = text
                changed.append(part)
    Criterion.objects.filter(pk__in=[part.pk for part in stored.values()]).delete()
    Criterion.objects.bulk_create(added)
    Criterion.objects.bulk_update(changed, ["text"])
