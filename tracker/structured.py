"""What a commitment's page says to machines, in the words of schema.org.

The page is a ``Report``: what was promised, and what the evidence shows. A promise is
no claim about facts, and a delivery status is no verdict of true or false, so a
``ClaimReview`` stands only where a body has itself claimed a fact: that the commitment
is complete. Its rating is our word for what the evidence shows, without a scale.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from commitments.models import Evidence, State
from commitments.statuses import Position, Status
from tracker import dataset, languages, reading
from tracker.reading import Told


def of_commitment(
    state: State, text: dict[str, Any], told: Sequence[Told]
) -> SafeString:
    """Return the data block of a commitment as it stands today.

    ``text`` is its wording, ``told`` its history, newest first.
    """
    parts = [_report(state, text, told)]
    if (
        state.official_position == Position.DECLARED_COMPLETE
        and state.status
        and state.position_entry
        and state.position_entry.body
    ):
        parts.append(_claim_review(state, text, told))
    return dataset.block({"@context": "https://schema.org", "@graph": parts})


def _report(state: State, text: dict[str, Any], told: Sequence[Told]) -> dict[str, Any]:
    one = state.commitment
    recorded = [one_told.entry.recorded_at.date() for one_told in told]
    documents = {e.pk: e for entry in told for e in entry.evidence}
    report: dict[str, Any] = {
        **_ours("Report", state),
        "reportNumber": one.ref,
        "headline": reading.title(text),
        "description": _english(text["statement"]),
        "creativeWorkStatus": str(Status(state.status).label)
        if state.status
        else _("not yet assessed"),
        "about": [
            {"@type": "GovernmentOrganization", "name": languages.name(body)}
            for body in one.bodies.all()
        ]
        + [
            {"@type": "Thing", "name": languages.name(partner)}
            for partner in one.partners.all()
        ],
        "citation": [_document(document) for document in documents.values()],
        "isPartOf": {"@id": settings.SITE_URL + reverse("data")},
    }
    if recorded:
        report["datePublished"] = min(recorded).isoformat()
        report["dateModified"] = max(recorded).isoformat()
    if state.status_entry and state.status_entry.text.reason:
        report["abstract"] = _english(state.status_entry.text.reason)
    return report


def _claim_review(
    state: State, text: dict[str, Any], told: Sequence[Told]
) -> dict[str, Any]:
    """Return our look at a body's claim that the commitment is complete."""
    entry = state.position_entry
    assert entry is not None and entry.body is not None  # noqa: S101
    body = languages.name(entry.body)
    shown = next((t.evidence for t in told if t.entry.pk == entry.pk), [])
    rating = {"@type": "Rating", "alternateName": str(Status(state.status).label)}
    if state.status_entry and state.status_entry.text.reason:
        rating["ratingExplanation"] = _english(state.status_entry.text.reason)
    said = {"body": body, "title": reading.title(text)}
    return {
        **_ours("ClaimReview", state),
        "claimReviewed": _("%(body)s has declared complete: %(title)s") % said,
        "itemReviewed": {
            "@type": "Claim",
            "author": {"@type": "GovernmentOrganization", "name": body},
            "datePublished": entry.effective_on.isoformat(),
            "appearance": [_document(document) for document in shown],
        },
        "reviewRating": rating,
    }


def _ours(kind: str, state: State) -> dict[str, Any]:
    """Return what all our pages have in common: address, language, publisher."""
    address = settings.SITE_URL + state.commitment.get_absolute_url()
    publisher = {
        "@type": "Organization",
        "name": settings.SITE_NAME,
        "url": settings.SITE_URL + "/",
    }
    return {
        "@type": kind,
        "@id": f"{address}#{kind.lower()}",
        "url": address,
        "inLanguage": languages.current().tag,
        "author": publisher,
        "publisher": publisher,
        "license": dataset.LICENCE,
        "isAccessibleForFree": True,
    }


def _document(document: Evidence) -> dict[str, Any]:
    told: dict[str, Any] = {
        "@type": "CreativeWork",
        "name": languages.name(document),
        "url": document.url,
        "publisher": {"@type": "Organization", "name": document.publisher},
    }
    if document.published_on:
        told["datePublished"] = document.published_on.isoformat()
    return told


def _english(text: str) -> Any:
    """Return a text of the record; on pages in another language, with its own."""
    if languages.current() is languages.ENGLISH:
        return text
    return {"@value": text, "@language": languages.ENGLISH.tag}
