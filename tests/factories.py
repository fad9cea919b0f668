"""The plainest valid rows; history through the services alone."""

from datetime import UTC, date, datetime

import factory
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from factory.django import DjangoModelFactory

from commitments import accounts, models, services
from commitments.actors import Machine

STATED_ON = date(2025, 12, 29)
AT = datetime(2026, 7, 3, 9, 0, tzinfo=UTC)


class UserFactory(DjangoModelFactory):
    class Meta:
        model = get_user_model()

    username = factory.Sequence(lambda n: f"person-{n}")
    email = factory.LazyAttribute(lambda user: f"{user.username}@example.org")


class ReviewerFactory(UserFactory):
    """Somebody who may sign off."""

    class Meta:
        skip_postgeneration_save = True

    username = factory.Sequence(lambda n: f"reviewer-{n}")

    @factory.post_generation
    def duty(self, create, extracted, **kwargs):
        self.groups.add(Group.objects.get(name=accounts.REVIEWER))


class PlanFactory(DjangoModelFactory):
    class Meta:
        model = models.Plan
        django_get_or_create = ["slug"]

    slug = "plan"
    title = "The plan"
    starts_on = date(2026, 1, 1)
    ends_on = date(2030, 12, 31)
    coded_on = date(2026, 7, 3)
    evidence_to = date(2026, 7, 2)


class PillarFactory(DjangoModelFactory):
    class Meta:
        model = models.Pillar
        django_get_or_create = ["number"]

    plan = factory.SubFactory(PlanFactory)
    number = 1
    slug = factory.LazyAttribute(lambda pillar: f"pillar-{pillar.number}")
    title = factory.LazyAttribute(lambda pillar: f"Pillar {pillar.number}")


class BodyFactory(DjangoModelFactory):
    class Meta:
        model = models.Body

    slug = factory.Sequence(lambda n: f"body-{n}")
    name = factory.LazyAttribute(lambda body: f"Ministry {body.slug}")
    short_name = factory.LazyAttribute(lambda body: body.slug)
    kind = models.Body.Kind.MINISTRY


class EvidenceFactory(DjangoModelFactory):
    """A news report of an action; ``official=True`` for the body's own."""

    class Meta:
        model = models.Evidence

    slug = factory.Sequence(lambda n: f"ev-2026-01-01-document-{n}")
    title = factory.Sequence(lambda n: f"Document {n}")
    publisher = "A newspaper"
    url = factory.LazyAttribute(lambda evidence: f"https://example.org/{evidence.slug}")
    occurred_on = date(2026, 1, 1)
    type = "news"
    nature = "action"
    reliability = "high"
    summary = "It shows what was done."


class DraftFactory(DjangoModelFactory):
    """An unpublished commitment with a test of two parts."""

    class Meta:
        model = models.Commitment
        skip_postgeneration_save = True

    slug = factory.Sequence(lambda n: f"commitment-{n}")
    ref = factory.Sequence(lambda n: f"1.{n + 1}")
    pillar = factory.SubFactory(PillarFactory)
    title = factory.Sequence(lambda n: f"Open sector {n}")
    statement = "A sector is to be opened."
    reading = "It would take a legal act."
    kind = "rule"
    specificity = "partly"
    stated_on = STATED_ON
    original_due_on = date(2030, 12, 31)
    original_due_precision = "plan_period"

    @factory.post_generation
    def criteria(self, create, keys, **kwargs):
        for key in "ab" if keys is None else keys:
            self.criteria.create(key=key, text=f"Part {key} is done.")


class CommitmentFactory(DraftFactory):
    """A published commitment, not yet assessed."""

    @classmethod
    def _after_postgeneration(cls, instance, create, results=None):
        super()._after_postgeneration(instance, create, results)
        services.publish(commitment=instance, by=UserFactory(), at=AT)
        instance.refresh_from_db()


def two_people():
    """An author and the reviewer who signs off."""
    return {"by": UserFactory(), "approver": ReviewerFactory()}


def assess(commitment, *, status="under_way", evidence=None, **given):
    """Record an assessment, signed off, with something valid for the rest."""
    values = {
        "criteria_met": [],
        "confidence": "medium",
        "reason": "A notice took effect.",
        "effective_on": date(2026, 3, 1),
        "looked_until": date(2026, 7, 2),
        "at": AT,
        **given,
    }
    values.setdefault("by", None)
    values["by"] = values["by"] or UserFactory()
    if "approver" not in values and not isinstance(values["by"], Machine):
        values["approver"] = ReviewerFactory()
    documents = [EvidenceFactory()] if evidence is None else evidence
    entry = services.assess(
        commitment=commitment, status=status, evidence=documents, **values
    )
    commitment.refresh_from_db()
    return entry


def propose(commitment, by, *, at=AT, comment="", **arguments):
    """Hand in a proposal of a status, with something valid for what is not given."""
    values = {
        "status": "announced",
        "criteria_met": [],
        "confidence": "low",
        "reason": "It was announced.",
        "effective_on": AT.date(),
        "looked_until": AT.date(),
        **arguments,
    }
    values.setdefault("evidence", [EvidenceFactory()])
    return services.propose(
        commitment=commitment,
        kind="status",
        arguments=values,
        by=by,
        at=at,
        comment=comment,
    )
