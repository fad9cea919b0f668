"""Addresses of the pages beyond the list, a commitment, a source and the method."""

from django.urls import path

from tracker.pages import (
    about,
    changes,
    checkpoints,
    cite,
    compare,
    embeds,
    evidence,
    feeds,
    indicators,
    ledgers,
    releases,
    subjects,
    tips,
)

urlpatterns = [
    path("cite/<slug:slug>.bib", cite.cite, {"form": "bib"}, name="cite-bibtex"),
    path("cite/<slug:slug>.ris", cite.cite, {"form": "ris"}, name="cite-ris"),
    path("changes/", changes.changes_page, name="changes"),
    path("compare/", compare.compare, name="compare"),
    path("bodies/", subjects.subject_index, {"field": "body"}, name="bodies"),
    path("bodies/<slug:slug>/", subjects.subject_page, {"field": "body"}, name="body"),
    path("partners/", subjects.subject_index, {"field": "partner"}, name="partners"),
    path(
        "partners/<slug:slug>/",
        subjects.subject_page,
        {"field": "partner"},
        name="partner",
    ),
    path("topics/", subjects.subject_index, {"field": "topic"}, name="topics"),
    path(
        "topics/<slug:slug>/", subjects.subject_page, {"field": "topic"}, name="topic"
    ),
    path("feeds/changes.atom", feeds.changes_atom, name="feed-atom"),
    path("feeds/changes.json", feeds.changes_json, name="feed-json"),
    path("feeds/dates.ics", feeds.dates_ics, name="calendar"),
    path("checkpoints/", checkpoints.checkpoints, name="checkpoints"),
    path("evidence/<slug:slug>/", evidence.evidence, name="evidence"),
    path("indicators/", indicators.indicator_index, name="indicators"),
    path("indicators/<slug:slug>/", indicators.indicator_page, name="indicator"),
    path("claim-evidence-gap/", ledgers.claim_gap, name="claim-gap"),
    path("freshness/", ledgers.freshness, name="freshness"),
    path("corrections/", ledgers.corrections, name="corrections"),
    path("corrections/tell/", tips.tell, name="tell"),
    path("corrections/tips/", tips.tips, name="tips"),
    path("corrections/tips/<str:reference>/", tips.tip, name="tip"),
    path("data/", about.data, name="data"),
    path("data/releases/", releases.releases, name="releases"),
    path("data/releases/latest/", releases.latest, name="release-latest"),
    path("data/releases/<int:number>/", releases.release, name="release"),
    path("about/", about.about, name="about"),
    path("embed/status-bar.svg", embeds.status_bar_badge, name="embed-status-bar-svg"),
    path("embed/status-bar/", embeds.status_bar, name="embed-status-bar"),
    path(
        "embed/timeline/<slug:slug>.svg",
        embeds.timeline_badge,
        name="embed-timeline-svg",
    ),
    path("embed/timeline/<slug:slug>/", embeds.timeline, name="embed-timeline"),
    path("embed/<slug:slug>.svg", embeds.badge, name="embed-badge"),
    path("embed/<slug:slug>/", embeds.card, name="embed-card"),
]
