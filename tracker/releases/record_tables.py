"""Tables that the history decides, in whole or in part."""

from __future__ import annotations

from dataclasses import replace

from commitments.models import Commitment, Standing
from commitments.statuses import (
    Confidence,
    EntryKind,
    Freshness,
    Nature,
    Position,
    Precision,
    Schedule,
    SignOff,
    Status,
)

from .tables import Column, Table, day, inner, moment, rows, text, whole, words, yes

COMMITMENT = {"commitment": ("commitments", "slug")}
PRECISION = "How precise the date is; a coarse one means the last day of its period."


def known(*columns: Column) -> tuple[Column, ...]:
    """Return columns that follow from the history alone."""
    return tuple(replace(column, known=True) for column in columns)


# What a commitment's history says of it: on the release's day, and over all time.
HELD = known(
    text("standing", "Whether it is tracked, withdrawn or merged.", Standing),
    text("status", "Delivery status: what public evidence shows.", Status),
    day("status_since", "Since when that is so in the world."),
    text("status_precision", PRECISION, Precision),
    words("criteria_met", "Keys of the parts of the test that are met."),
    text("confidence", "How sure the assessment is.", Confidence),
    yes("signed_off", "A second person has stood behind the status."),
    text("official_position", "What the responsible body says.", Position),
    day("position_since", "Since when it says so."),
    day("due_on", "The promised date as it stands."),
    text("due_precision", PRECISION, Precision),
    day("reviewed_on", "The day up to which evidence was looked at."),
    day("review_due_on", "The day on which the next review is due."),
    day("last_material_on", "When something last happened in the world."),
    whole("sources", "Documents that the status rests on."),
    whole("official_sources", "Those of them that are official."),
    text("merged_into", "The commitment it was merged into."),
)

COMMITMENTS = Table(
    name="commitments",
    title="Commitments",
    what="One promise each, as it stood on the day of the release.",
    key=("slug",),
    order=("ref",),
    columns=(
        text("slug", "Its permanent name in addresses."),
        text("ref", "Its permanent number: pillar, point, running number."),
        text("title", "What it is called."),
        text("title_zh", "The same in Chinese."),
        text("statement", "What was promised, in our own words."),
        text("reading", "How the tracker reads it, and what is unclear."),
        whole("pillar", "Number of the pillar it belongs to."),
        text("kind", "What kind of promise it is.", Commitment.Kind),
        text("specificity", "How specific the wording is.", Commitment.Specificity),
        yes("trackable", "Whether it names something that can be observed."),
        text("untrackable_reason", "Why it cannot be tracked."),
        day("stated_on", "The day on which it was made."),
        day("original_due_on", "The date first promised."),
        text("original_due_precision", PRECISION, Precision),
        text("due_basis", "What the promised date rests on."),
        words("bodies", "Responsible bodies, the lead first."),
        words("partners", "Whom it concerns outside the country."),
        words("topics", "What it is about."),
        words("passages", "Passages it was read from, as source:ref."),
        words("indicators", "Figures it can be read against."),
        *HELD,
        *known(
            text("reason", "Why the status is what it is."),
            yes("claim_gap", "Declared complete, while evidence shows less."),
            text("schedule", "How the promised date stands.", Schedule),
            text("freshness", "How old the judgement is.", Freshness),
            yes("inactive", "Nothing happened for 270 days."),
        ),
    ),
    refers={"pillar": ("pillars", "number"), "merged_into": ("commitments", "slug")},
)
CRITERIA = Table(
    name="criteria",
    title="Criteria",
    what="One observable part of a test of delivery each.",
    key=("commitment", "key"),
    columns=(
        text("commitment", "The commitment it tests."),
        text("key", "Names the part within its commitment."),
        text("text", "What has to be seen."),
        *known(yes("met", "Whether the evidence shows it.")),
    ),
    refers=COMMITMENT,
)
MILESTONES = Table(
    name="milestones",
    title="Milestones",
    what="One dated step on the way to a commitment each.",
    key=("commitment", "key"),
    columns=(
        text("commitment", "The commitment it leads to."),
        text("key", "Names the step within its commitment."),
        text("title", "What the step is."),
        day("due_on", "When it is due."),
        text("due_precision", PRECISION, Precision),
        *known(day("met_on", "When it was reached.")),
    ),
    refers=COMMITMENT,
)
HISTORY = Table(
    name="history",
    title="History",
    what="One entry of the append-only history each, with all that its digest covers.",
    key=("seq",),
    columns=known(
        whole("seq", "Its number: without gaps, in the order of recording."),
        text("commitment", "The commitment it is about."),
        text("kind", "What it records.", EntryKind),
        text("acts_as", "The kind whose effect it has; a correction acts as another."),
        whole("refers_to", "The entry it corrects, confirms or redacts."),
        day("effective_on", "When it became true in the world."),
        text("precision", PRECISION, Precision),
        moment("recorded_at", "When it was written down (UTC)."),
        text("reason", "Why, in a sentence or two."),
        text("reason_salt", "With it the reason's hash in leaves can be checked."),
        text("status", "The delivery status from then on.", Status),
        words("criteria_met", "Keys of the parts of the test that are met."),
        text("confidence", "How sure the assessment is.", Confidence),
        day("looked_until", "The day up to which evidence was looked at."),
        text("position", "What the body said.", Position),
        text("body", "The body that said it."),
        text("milestone", "Key of the milestone that was reached."),
        day("due_on", "The promised date from then on."),
        text("due_precision", PRECISION, Precision),
        text("merged_into", "The commitment it was merged into."),
        rows("evidence", "The documents it rests on, as they stood then."),
        text("actor", "Who recorded it, as a key that names nobody."),
        text("approver_actor", "Who signed it off, as a key that names nobody."),
        text("sign_off", "Whether a second person stands behind it.", SignOff),
        text("method_version", "The version of the method."),
        text("idempotency_key", "The author's own mark, if any."),
        whole("format", "The format of the chain."),
        inner("leaves", "Salted hashes of its texts and names."),
        text("prev_digest", "SHA-256 of the entry before it."),
        text("digest", "SHA-256 over that and this entry."),
    ),
    refers={
        **COMMITMENT,
        "refers_to": ("history", "seq"),
        "body": ("bodies", "slug"),
        "merged_into": ("commitments", "slug"),
    },
)
CITATIONS = Table(
    name="citations",
    title="Citations",
    what="One document cited by one entry each, as it stood when it was cited.",
    key=("entry", "evidence"),
    columns=known(
        whole("entry", "The history entry that cites."),
        text("evidence", "The document."),
        text("url", "Its address then."),
        text("nature", "Announcement, action or data.", Nature),
        yes("official", "Issued by the responsible body or its outlet."),
        text("copy_sha256", "SHA-256 of the copy kept by then, if any."),
    ),
    refers={"entry": ("history", "seq"), "evidence": ("evidence", "id")},
)
WORDINGS = Table(
    name="wordings",
    title="Wordings",
    what="One wording of a commitment each, with the entry that brought it.",
    key=("entry",),
    columns=known(
        whole("entry", "The history entry since which it stands."),
        text("commitment", "The commitment so worded."),
        text("title", "What it is called."),
        text("title_zh", "The same in Chinese."),
        text("statement", "What was promised, in our own words."),
        text("reading", "How the tracker reads it."),
        inner("criteria", "The parts of the test, by key."),
    ),
    refers={**COMMITMENT, "entry": ("history", "seq")},
)
STATES = Table(
    name="states",
    title="States",
    what="What was held true of a commitment over a span of days and of entries: any "
    "past day, as known on any past day.",
    key=("commitment", "known_from", "effective_from"),
    columns=(
        *known(
            text("commitment", "The commitment it is about."),
            day("effective_from", "First day on which it was so."),
            day(
                "effective_until", "First day on which it no longer was; open if none."
            ),
            whole("known_from", "The entry since which we knew."),
            whole("known_until", "The entry since which we know better; open if none."),
        ),
        *HELD,
        *known(
            whole("status_entry", "The entry that set the status."),
            whole("position_entry", "The entry that set the official position."),
            whole("wording_entry", "The entry that set the wording."),
            day("stale_after", "From the day after, the judgement is stale."),
            inner("milestones_met", "Days on which milestones were reached, by key."),
        ),
    ),
    refers={**COMMITMENT, "merged_into": ("commitments", "slug")},
)
