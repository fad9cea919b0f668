"""How a change looks on a page: its icon, its kind, and the step it was."""

from __future__ import annotations

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from commitments.statuses import EntryKind
from tracker import languages, telling
from tracker.changes import Change
from tracker.figures import number
from tracker.templatetags.tracker import css, icon, status_mark

register = template.Library()

ICONS = {
    EntryKind.CLAIM: "info",
    EntryKind.REVIEW: "ok",
    EntryKind.EVIDENCE: "doc",
    EntryKind.MILESTONE: "delivered",
    EntryKind.WORDING: "edit",
    EntryKind.CORRECTION: "edit",
    EntryKind.WITHDRAWN: "x",
    EntryKind.MERGED: "link",
    EntryKind.REDACTION: "edit",
}


@register.filter
def change_icon(change: Change) -> str:
    """Return the icon name of a change: of its kind, or of its status."""
    entry = change.entry
    if entry.kind == EntryKind.STATUS:
        return css(entry.status)
    return ICONS.get(EntryKind(entry.kind), "cal")


register.filter("change_what", telling.what)
register.filter("figure", number)


@register.filter
def change_step(change: Change) -> SafeString | str:
    """Show the step from the old value to the new one; statuses with their marks."""
    if change.status_moved:
        new = status_mark(change.new.status)
        if not change.old.status:
            return new
        return _shift(status_mark(change.old.status), new)
    was, now = telling.step(change)
    if not now:
        return ""
    return _shift(_plain(was), _plain(now)) if was else _plain(now)


def _plain(words: str) -> SafeString:
    if isinstance(words, languages.EnglishOnly):
        words = languages.labelled(words)
    return format_html('<span class="st">{}</span>', words)


def _shift(old: SafeString, new: SafeString) -> SafeString:
    arrow = format_html(
        '{}<span class="vh"> {} </span>', icon("arrow"), _("changed to")
    )
    parts = format_html_join("", "{}", [(old,), (arrow,), (new,)])
    return format_html('<span class="shift">{}</span>', parts)
