"""Tables of what is described beside the history: documents, figures and names."""

from __future__ import annotations

from commitments.models import Body, Capture, Indicator, Partner, Passage
from commitments.statuses import Confidence, EvidenceType, Grade, Nature, Precision
from commitments.verdicts import Verdict

from .record_tables import PRECISION
from .tables import Column, Table, day, moment, number, text, whole, words, yes

NAMES = (text("name", "What it is called."), text("name_zh", "The same in Chinese."))
SLUG = text("slug", "Its permanent name in addresses.")


def named(*more: Column) -> tuple[Column, ...]:
    return (SLUG, *NAMES, *more)


EVIDENCE = Table(
    name="evidence",
    title="Evidence",
    what="One published document each, at one address.",
    key=("id",),
    columns=(
        text("id", "Its permanent name in addresses."),
        text("title", "What it is called."),
        text("title_original", "The same in the language of the document."),
        text("publisher", "Who published it."),
        text("url", "Its address."),
        day("published_on", "When it was published."),
        day("occurred_on", "When what it shows happened."),
        text("precision", PRECISION, Precision),
        text("language", "The language it is in."),
        text("type", "What the link opens.", EvidenceType),
        text("nature", "Announcement, action or data.", Nature),
        yes("official", "Issued by the responsible body or its official outlet."),
        text("reliability", "How reliable the publisher is.", Confidence),
        text("grade", "A to D, derived from type, official and reliability.", Grade),
        text("summary", "What it shows, in our own words."),
        day("unreadable_since", "Since when nobody could open it, with no copy kept."),
        words("commitments", "The commitments it is about."),
        text("link_verdict", "How the link was found when last looked at.", Verdict),
        day("link_verdict_since", "Since when it is found so."),
        text("link_moved_to", "Where it leads now, if elsewhere."),
    ),
)
COPIES = Table(
    name="copies",
    title="Kept copies",
    what="One kept copy of a document each: that it exists, and its hash.",
    key=("evidence", "taken_at", "sha256"),
    columns=(
        text("evidence", "The document."),
        moment("taken_at", "When it was taken (UTC)."),
        text(
            "origin",
            "Fetched by the tracker, or brought by an analyst.",
            Capture.Origin,
        ),
        text("kind", "What its bytes are."),
        whole("size", "Bytes."),
        text("sha256", "SHA-256 of the document."),
        text("text_sha256", "SHA-256 of its readable text."),
    ),
    refers={"evidence": ("evidence", "id")},
)
INDICATORS = Table(
    name="indicators",
    title="Indicators",
    what="One figure each, with its baseline and target.",
    key=("slug",),
    columns=named(
        text("unit", "What it is counted in."),
        text("direction", "Which way is further.", Indicator.Direction),
        text("comparator", "How the baseline is meant.", Indicator.Comparator),
        number("baseline", "The value it starts from."),
        day("baseline_on", "The day of the baseline."),
        text("baseline_precision", PRECISION, Precision),
        text("baseline_passage", "Ref of the passage that states it."),
        number("target", "The value promised, if any."),
        day("target_on", "The day it is promised for."),
        text("note", "How it is counted."),
        words("commitments", "The commitments read against it."),
    ),
)
OBSERVATIONS = Table(
    name="observations",
    title="Observations",
    what="One dated value of an indicator each.",
    key=("indicator", "observed_on", "evidence"),
    columns=(
        text("indicator", "The figure."),
        day("observed_on", "The day it is of."),
        text("precision", PRECISION, Precision),
        number("value", "The value."),
        text("evidence", "The document it is from."),
        text("note", "What to know of it."),
    ),
    refers={"indicator": ("indicators", "slug"), "evidence": ("evidence", "id")},
)
SOURCES = Table(
    name="sources",
    title="Sources",
    what="One document in which commitments were made each.",
    key=("slug",),
    columns=(
        SLUG,
        text("title", "What it is called."),
        text("title_zh", "The same in Chinese."),
        text("publisher", "Who published it."),
        text("speaker", "Whose words they are."),
        text("kind", "What kind of document it is."),
        day("delivered_on", "When it was spoken."),
        day("published_on", "When it was published."),
        text("language", "The language it is in."),
        text("url", "Its address."),
        text("note", "What to know of it."),
    ),
)
PASSAGES = Table(
    name="passages",
    title="Passages",
    what="One sentence of a source each, in our own words.",
    key=("source", "ref"),
    columns=(
        text("source", "The document."),
        text("ref", "Its place: section, paragraph and sentence."),
        text("role", "Whether it promises, reports, explains or frames.", Passage.Role),
        text("summary", "What it says, in our own words."),
        words("commitments", "The commitments read from it."),
    ),
    refers={"source": ("sources", "slug")},
)
PLANS = Table(
    name="plans",
    title="Plans",
    what="The plan whose commitments are tracked, and how far its record reaches.",
    key=("slug",),
    columns=(
        SLUG,
        text("title", "What it is called."),
        text("title_zh", "The same in Chinese."),
        text("summary", "What it is."),
        day("starts_on", "First day of the plan."),
        day("ends_on", "Last day of the plan."),
        day("coded_on", "The day on which the founding history was coded."),
        day("evidence_to", "The day up to which evidence was looked at for it."),
    ),
)
PILLARS = Table(
    name="pillars",
    title="Pillars",
    what="One of the aspects that commitments are grouped under each.",
    key=("number",),
    columns=(
        whole("number", "Its number."),
        SLUG,
        text("title", "What it is called."),
        text("title_zh", "The same in Chinese."),
        text("summary", "What it is about."),
    ),
)
BODIES = Table(
    name="bodies",
    title="Bodies",
    what="One authority that is responsible, or speaks of commitments, each.",
    key=("slug",),
    columns=named(
        text("short_name", "Its short name."),
        text("kind", "What kind of body it is.", Body.Kind),
    ),
)
PARTNERS = Table(
    name="partners",
    title="Partners",
    what="Whom commitments concern outside the country, one each.",
    key=("slug",),
    columns=named(
        text("kind", "Economy, region, organisation or other.", Partner.Kind),
        text("iso2", "Country code (ISO 3166-1) of an economy."),
        words("members", "Country codes of its members."),
    ),
)
TOPICS = Table(
    name="topics",
    title="Topics",
    what="What commitments are about, one each.",
    key=("slug",),
    columns=named(),
)
