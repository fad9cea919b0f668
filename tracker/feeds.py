"""Changes as feeds: Atom and JSON Feed of the same entries, with the same ids."""

from __future__ import annotations

import re
import uuid
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.feedgenerator import Atom1Feed
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _

from commitments.models.state import Standing
from tracker import changes, languages, telling, writing
from tracker.changes import Asked, Change
from tracker.templatetags.words import english, named

SHOWN = 100
LICENCE = "https://creativecommons.org/licenses/by/4.0/"
# The chain's digest names an entry for good; it does not know our address.
NAMES = uuid.uuid5(uuid.NAMESPACE_URL, "tag:opening-up-tracker,2026:history")
# What XML 1.0 cannot carry.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


class RecordFeed(Atom1Feed):
    """An Atom feed whose time is that of the record, also where it is empty."""

    def latest_post_date(self) -> datetime:
        if not self.items:
            return datetime(2026, 1, 1, tzinfo=UTC)
        return super().latest_post_date()

    def add_root_elements(self, handler: Any) -> None:
        super().add_root_elements(handler)
        handler.addQuickElement("link", "", {"rel": "license", "href": LICENCE})


def latest(asked: Asked) -> list[Change]:
    """Return the entries of a feed, the last recorded first."""
    found = changes.entries(asked).order_by("-seq").whole()[:SHOWN]
    return changes.told(list(found), asked.question)


def identity(change: Change) -> str:
    """Return the id of an entry: the same in each feed, at each address, for good."""
    return f"urn:uuid:{uuid.uuid5(NAMES, change.entry.digest)}"


def address(change: Change) -> str:
    """Return where an entry is read, in full."""
    entry, commitment = change.entry, change.entry.commitment
    path = commitment.get_absolute_url()
    if commitment.standing == Standing.MERGED:
        # Its own page leads to its successor, which does not tell of it.
        path = f"{reverse('changes')}?commitment={commitment.slug}"
    return f"{settings.SITE_URL}{path}#entry-{entry.seq}"


def title(change: Change) -> str:
    """Return what an entry says in one line, with its commitment."""
    commitment = change.entry.commitment
    said = {
        "name": f"{commitment.ref} {change.title}",
        "step": telling.sentence(change),
    }
    return _clean(_("%(name)s: %(step)s") % said)


def content(change: Change) -> str:
    """Return an entry as HTML: the step, the reason, the evidence."""
    entry = change.entry
    parts = [format_html("<p><b>{}</b></p>", telling.sentence(change))]
    parts += [
        format_html(
            "<p>{} <del>{}</del> <ins>{}</ins></p>",
            _("%(where)s:") % {"where": p.label},
            p.old,
            p.new,
        )
        for p in change.wording
    ]
    if entry.text.reason:
        parts.append(format_html("<p>{}</p>", english(entry.text.reason)))
    took = {"day": writing.day(entry.effective_on, entry.precision)}
    parts.append(format_html("<p>{}</p>", _("Took effect: %(day)s") % took))
    if change.is_catalogue:
        parts.append(format_html("<p>{}</p>", _("Coded once, not yet signed off.")))
    cited = [(c.url, named(c.evidence)) for c in entry.citations.all()]
    if cited:
        links = format_html_join("", '<li><a href="{}">{}</a></li>', cited)
        parts.append(format_html("<ul>{}</ul>", links))
    return _clean("".join(parts))


def _clean(text: str) -> str:
    return _UNPRINTABLE.sub("", text)


def about(asked: Asked, feed_path: str) -> dict[str, str]:
    """Return what a feed says of itself; the page it belongs to has its filters."""
    query = asked.parameters(before=None, order="happened").urlencode()
    tail = f"?{query}" if query else ""
    site = {"site": settings.SITE_NAME}
    return {
        "title": _("%(site)s: changes (filtered)") % site
        if asked.is_narrowed
        else _("%(site)s: changes") % site,
        "description": _(
            "What changed in the record, with the reason and the evidence."
        ),
        "link": f"{settings.SITE_URL}{reverse('changes')}{tail}",
        "feed_url": f"{settings.SITE_URL}{feed_path}{tail}",
    }


def atom(told: list[Change], said: dict[str, str]) -> str:
    """Return ``told`` as an Atom feed."""
    feed = RecordFeed(
        title=said["title"],
        subtitle=said["description"],
        link=said["link"],
        feed_url=said["feed_url"],
        description=said["description"],
        language=languages.current().tag,
        author_name=settings.SITE_NAME,
        feed_copyright="CC BY 4.0",
    )
    for change in told:
        entry = change.entry
        feed.add_item(
            title=title(change),
            link=address(change),
            description=content(change),
            unique_id=identity(change),
            pubdate=entry.recorded_at,
            updateddate=entry.recorded_at,
            categories=(entry.kind, entry.commitment.slug),
        )
    return feed.writeString("utf-8")


def json_feed(told: list[Change], said: dict[str, str]) -> dict[str, Any]:
    """Return ``told`` as a JSON Feed 1.1; ``_tracker`` holds the plain values."""
    return {
        "version": "https://jsonfeed.org/version/1.1",
        "title": said["title"],
        "description": said["description"],
        "home_page_url": said["link"],
        "feed_url": said["feed_url"],
        "language": languages.current().tag,
        "authors": [{"name": settings.SITE_NAME, "url": settings.SITE_URL}],
        "items": [_item(change) for change in told],
    }


def _item(change: Change) -> dict[str, Any]:
    entry = change.entry
    old, new = telling.step(change)
    moment = entry.recorded_at.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return {
        "id": identity(change),
        "url": address(change),
        "title": title(change),
        "content_html": content(change),
        "date_published": moment,
        "tags": [entry.kind],
        "_tracker": {
            "seq": entry.seq,
            "commitment": entry.commitment.slug,
            "kind": entry.kind,
            "effective_on": entry.effective_on.isoformat(),
            "precision": entry.precision,
            "old": old,
            "new": new,
            "reason": entry.text.reason,
            "digest": entry.digest,
        },
    }
