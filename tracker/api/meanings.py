"""What each part of an answer means, for the contract.

What a release holds too is told in the words of its columns
(``tracker/releases/*_tables.py``): one source for both. The rest is told here.
"""

from __future__ import annotations

from typing import Any

from commitments.statuses import Freshness, Schedule, Status
from tracker.releases.contents import NAMED
from tracker.releases.record_tables import PRECISION

# The tables whose columns a schema's parts are, the first that has one.
COLUMNS: dict[str, tuple[str, ...]] = {
    "State": ("commitments",),
    "StateDetail": ("commitments",),
    "CommitmentBrief": ("commitments",),
    "Held": ("commitments", "states"),
    "History": ("history",),
    "Change": ("history",),
    "Proposal": ("history",),
    "Citation": ("citations", "evidence"),
    "Criterion": ("criteria",),
    "CriterionRow": ("criteria",),
    "Milestone": ("milestones",),
    "MilestoneRow": ("milestones",),
    "Evidence": ("evidence",),
    "EvidenceBrief": ("evidence",),
    "Copy": ("copies",),
    "Indicator": ("indicators",),
    "IndicatorBrief": ("indicators",),
    "Observation": ("observations",),
    "ObservationRow": ("observations",),
    "Passage": ("passages",),
    "PassageRow": ("passages",),
    "PassageBrief": ("passages",),
    "Source": ("sources",),
    "SourceDetail": ("sources",),
    "Pillar": ("pillars",),
    "Body": ("bodies",),
    "Partner": ("partners",),
    "Topic": ("topics",),
}
NUMBER = "Its number in this API; it stays."
ENDPOINT = {
    "id": NUMBER,
    "url": "Where messages are sent: HTTPS, and reachable from the internet.",
    "note": "What its owner wants to remember of it.",
    "kinds": "Only entries of these kinds are sent; none: all.",
    "commitments": "Only these commitments, by slug; none: all.",
    "state": "Whether it waits for its challenge, is sent to, or is disabled.",
    "made_at": "When it was registered.",
    "verified_at": "When it answered its challenge.",
    "delivered_at": "When it last took a message.",
    "failing_since": "Since when it takes none.",
    "paused_until": "Until when it asked to be left alone (Retry-After).",
}
NEW_ENDPOINT = {name: ENDPOINT[name] for name in ("url", "note")}
RELEASE = {
    "number": "Its number: without gaps, one more each time.",
    "previous": "The number of the release before it; null for the first.",
    "made_at": "The moment it holds the record of.",
    "sums": "SHA-256 of its file SHA256SUMS: stands for all of its bytes.",
    "format": "The format of its files; grows when they would be written otherwise.",
    "method_version": "The version of the method.",
    "citation": "The text to cite it by, with number and digest.",
    "address": "Where it can be read and fetched, for good.",
}
TOLD: dict[str, dict[str, str]] = {
    "Change": {
        "type": "What kind of change it is: material, editorial, correction, review, "
        "schedule or tombstone.",
        "ref": "The commitment's number: pillar, point, running number.",
        "evidence": "The documents it rests on, by their names.",
        "old": "What the record held before it; null for the first entry.",
        "new": "What the record holds from then on: take it as it is.",
    },
    "Changes": {"results": "The changes, in the order of recording."},
    "Held": {"milestones_met": "Days on which milestones were reached, by key."},
    "State": {
        "bodies": "Responsible bodies by slug, the lead first.",
        "partners": "Whom it concerns outside the country, by slug.",
        "topics": "What it is about, by slug.",
    },
    "StateDetail": {
        "criteria": "The parts of its test of delivery, as they stood.",
        "milestones": "The dated steps on its way.",
        "indicators": "Figures it can be read against, by slug.",
        "history": "All that happened to it, as known on the day asked about.",
    },
    "CriterionRow": {"id": NUMBER},
    "MilestoneRow": {"id": NUMBER},
    "ObservationRow": {"id": NUMBER},
    "PassageRow": {"id": NUMBER},
    "Evidence": {
        "link": "How its link was found when last looked at; null on a past day.",
        "copies": "The copies kept of it, by their hashes.",
    },
    "Link": {
        "verdict": "How it was found.",
        "verdict_since": "Since when it is found so.",
        "checked_at": "When it was last looked at.",
        "moved_to": "Where it leads now, if elsewhere.",
    },
    "Indicator": {"observations": "Its dated values, the earliest first."},
    "SourceDetail": {"passages": "Its sentences, in order."},
    "Release": RELEASE,
    "ReleaseDetail": {**RELEASE, "files": "Its files, in the order of SHA256SUMS."},
    "ReleaseFile": {
        "name": "Its name within the release.",
        "media_type": "What its bytes are.",
        "size": "Bytes.",
        "sha256": "SHA-256 of its bytes.",
        "rows": "How many rows it holds; null where it holds no one table.",
        "address": "Where it can be fetched, for good.",
    },
    "Stats": {
        "known_at": "As known by the end of that day; null: as known now.",
        "data_version": "Grows with every change that a reader could see.",
        "commitments": "How many match.",
        "trackable": "How many of these can be tracked: the rest is not counted below.",
        "status": "How many have which delivery status.",
        "schedule": "How many stand how against their promised date.",
        "freshness": "How many judgements are how old.",
        "claim_gaps": "Declared complete, while the evidence shows less.",
        "signed_off": "How many statuses a second person has stood behind.",
    },
    "Count": {"count": "How many rows match."},
    "Proposal": {
        "commitment": "The commitment it is about, by slug.",
        "kind": "What is to be recorded; which further parts it takes follows from it.",
        "evidence": "The documents it rests on, by their names here.",
        "milestone": "Key of the milestone that was reached.",
    },
    "Proposed": {
        "id": "Its number at the desk.",
        "state": "Waits for a reviewer.",
        "commitment": "The commitment it is about.",
        "kind": "What is to be recorded.",
    },
    "Document": {"url": "The address of a document that may be evidence."},
    "Suggested": {
        "id": "Its number at the desk.",
        "state": "Whether it is still being read, waits for an analyst, or is decided.",
        "url": "The address as it was taken.",
    },
    "Endpoint": ENDPOINT,
    "NewEndpoint": NEW_ENDPOINT,
    "NewEndpointAnswer": ENDPOINT,
    "PatchedChangedEndpoint": {
        **NEW_ENDPOINT,
        "state": "“active” has it tried again, “disabled” stops it.",
    },
    "Delivery": {
        "id": NUMBER,
        "message_id": "The id in its headers: the same each time it is sent.",
        "commitment": "The commitment it tells of; null for a test.",
        "state": "Whether it waits, has arrived, or was given up.",
        "tries": "How often it was sent.",
        "made_at": "When it was written.",
        "next_try": "When it is sent next, if it waits.",
        "done_at": "When it arrived, or was given up.",
        "last_status": "The status it was answered with last.",
    },
    "SentAgain": {"messages": "How many are sent again."},
    "Problem": {
        "type": "An address that says what this kind of error means. It stays.",
        "title": "The kind in a word or two.",
        "status": "The status of the answer.",
        "detail": "What is wrong here, and how to mend it, in a sentence.",
        "errors": "What is wrong with which parameter or field.",
    },
    **{
        name: {word.value: f"How many are “{word.label}”." for word in words}
        for name, words in (
            ("StatusCounts", Status),
            ("ScheduleCounts", Schedule),
            ("FreshnessCounts", Freshness),
        )
    },
}
PARAMETERS = {
    "commitment": "Only what belongs to this commitment, by slug.",
    "delivery": "The number of a message.",
    "format": "The form of the answer, instead of “Accept”.",
    "id": "The number of the row.",
    "indicator": "Only the values of this figure, by slug.",
    "language": "Only documents in this language (ISO 639-1).",
    "number": "The number of the row.",
    "official": "Only what the responsible body issued, or only the rest.",
    "seq": "The number of the entry.",
    "slug": "The permanent name of the row.",
    "source": "Only passages of this document, by slug.",
}


def describe(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """Say of every part of the contract what it means."""
    for name, schema in result["components"]["schemas"].items():
        parts = schema.get("properties", {})
        for part in parts:
            if meaning := meaning_of(name, part):
                parts[part] = _with(parts[part], meaning)
    for operations in result["paths"].values():
        for operation in operations.values():
            for parameter in operation.get("parameters", []):
                if told := PARAMETERS.get(parameter["name"]):
                    parameter.setdefault("description", told)
    return result


def meaning_of(schema: str, part: str) -> str:
    """Return what a part of a schema means; empty where its own field says it."""
    if told := TOLD.get(schema, {}).get(part):
        return told
    for table in COLUMNS.get(schema, ()):
        for column in NAMED[table].columns:
            if column.name == part:
                return column.what
    if schema.startswith("Paginated") and part == "results":
        return "The rows of this page."
    if schema == "StateDetail":
        return meaning_of("State", part)
    return PRECISION if part == "precision" else ""


def _with(part: dict[str, Any], meaning: str) -> dict[str, Any]:
    # Beside a reference, older tools read nothing.
    if "$ref" in part:
        return {"allOf": [part], "description": meaning}
    return {**part, "description": meaning}
