"""A small record for the tests of the desk, made through the services."""

import re
from datetime import UTC, date, datetime

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.test import Client

from commitments import accounts, actors, services
from commitments.models import Body, Commitment, Evidence, Indicator, Pillar, Plan

AT = datetime(2026, 6, 1, 12, tzinfo=UTC)


def account(name, group=None):
    accounts.ensure_groups()
    user, _ = get_user_model().objects.get_or_create(username=name, is_staff=True)
    if group:
        user.groups.add(Group.objects.get(name=group))
    return user


def signed_in(name, group="analyst"):
    client = Client()
    client.force_login(account(name, group))
    return client


def body():
    return Body.objects.get_or_create(
        slug="mofcom",
        defaults={"name": "Commerce", "short_name": "MOF", "kind": "ministry"},
    )[0]


def draft(ref="1.1"):
    plan, _ = Plan.objects.get_or_create(
        slug="plan",
        defaults={
            "title": "Plan",
            "starts_on": date(2026, 1, 1),
            "ends_on": date(2030, 12, 31),
            "coded_on": date(2026, 5, 1),
            "evidence_to": date(2026, 5, 1),
        },
    )
    pillar, _ = Pillar.objects.get_or_create(
        number=1, defaults={"plan": plan, "slug": "one", "title": "One"}
    )
    commitment = Commitment.objects.create(
        slug=f"promise-{ref.replace('.', '-')}",
        ref=ref,
        pillar=pillar,
        title=f"Promise {ref}",
        statement="It will be done.",
        reading="Read as it stands.",
        kind="rule",
        specificity="specific",
        stated_on=date(2026, 3, 1),
    )
    commitment.criteria.create(key="a", text="A law is in force")
    commitment.criteria.create(key="b", text="It is used")
    return commitment


def published(ref="1.1"):
    commitment = draft(ref)
    services.publish(commitment=commitment, by=account("publisher"), at=AT)
    commitment.refresh_from_db()
    return commitment


def document(slug="law", **values):
    facts = {
        "title": f"Document {slug}",
        "publisher": "Gazette",
        "url": f"https://example.org/{slug}",
        "occurred_on": date(2026, 4, 1),
        "type": "law",
        "nature": "action",
        "official": True,
        "reliability": "high",
        "summary": "Shows it.",
    }
    return Evidence.objects.create(slug=slug, **{**facts, **values})


def indicator():
    return Indicator.objects.create(
        slug="trade",
        name="Trade",
        unit="bn",
        direction="up",
        comparator="at_least",
        baseline=1,
        baseline_on="2025-12-31",
        baseline_precision="year",
    )


def assessed(ref="1.1", by=None, status="under_way", criteria_met=()):
    """Coded by the catalogue, or by an analyst with a second person."""
    commitment = published(ref)
    services.assess(
        commitment=commitment,
        status=status,
        criteria_met=criteria_met,
        confidence="high",
        reason="A law was drafted.",
        evidence=[document(f"law-{ref.replace('.', '-')}")],
        effective_on=date(2026, 4, 1),
        looked_until=AT.date(),
        by=by or actors.CATALOGUE,
        approver=account("second", accounts.REVIEWER) if by else None,
        at=AT,
    )
    commitment.refresh_from_db()
    return commitment


def assessment(commitment, **values):
    """Return what an analyst posts to assess with a new document."""
    return {
        "seen": commitment.latest_entry_id or "",
        "status": "partly_delivered",
        "criteria_met": ["a"],
        "confidence": "high",
        "reason": "The law is in force since May.",
        "effective_on": "2026-05-01",
        "precision": "day",
        "looked_until": "2026-06-01",
        "new_url": "https://example.org/new-law",
        "new_title": "The new law",
        "new_publisher": "Gazette",
        "new_occurred_on": "2026-05-01",
        "new_type": "law",
        "new_nature": "action",
        "new_official": "on",
        "new_reliability": "high",
        "new_summary": "In force since May.",
        **values,
    }


def hand_in(client, address, data):
    """Post a form as a browser does: preview first, then what was previewed."""
    shown = client.post(address, {**data, "_preview": "Preview"})
    if shown.status_code != 200:
        return shown
    hidden = dict(
        re.findall(
            r'<input type="hidden" name="(seen|seen_step|previewed)" value="([^"]*)"',
            shown.content.decode(),
        )
    )
    if not hidden.get("previewed"):
        return shown
    return client.post(address, {**data, **hidden, "_submit": "Hand in"})


def signed(proposal, by=None):
    """Approve a proposal as a second person; return the entry."""
    proposal.refresh_from_db()
    return services.approve(
        proposal=proposal,
        by=by or account("second", accounts.REVIEWER),
        at=AT,
        revision=proposal.revision,
        seen=proposal.commitment.latest_entry_id,
    )
