"""What the record says, in the reader's language: names, days, counts."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from tracker import languages, writing
from tracker.languages import ENGLISH, EnglishOnly, remembered

register = template.Library()

register.filter("day", writing.day)
register.filter("month", writing.month)
register.filter("day_of_month", writing.day_of_month)
register.filter("moment", writing.moment)
register.filter("listed", writing.listed)
register.filter("days", writing.days)
register.filter("days_ago", writing.days_ago)
register.filter("in_days", writing.in_days)
register.filter("sources", writing.sources)
register.filter("entries", writing.entries)


@register.simple_tag
def html_lang() -> str:
    """Return the tag of the current language, for the page itself."""
    return languages.current().tag


@register.filter("name")
def name_in_words(thing: Any) -> str:
    """Return a name or title for an attribute, with the mark in words."""
    text = languages.name(thing)
    return english_plain(text) if isinstance(text, EnglishOnly) else text


@register.filter
def named(thing: Any) -> SafeString | str:
    """Show a name or title in the reader's language, or say that it is not in it."""
    text = languages.name(thing)
    return languages.labelled(text) if isinstance(text, EnglishOnly) else text


@register.filter
def other_name(thing: Any, element: str = "span") -> SafeString | str:
    """Show the name in the other language, where the record has it."""
    found = languages.other_name(thing)
    if found is None:
        return ""
    tag, text = found
    return format_html('<{0} class="fine" lang="{1}">{2}</{0}>', element, tag, text)


@register.filter
def english(text: str | None, mark: str = "") -> SafeString | str:
    """Show a text that the record has in English only, marked as that elsewhere.

    ``{{ text|english:"quiet" }}`` marks it for machines alone: for a small detail
    beside a text that bears the words.
    """
    if not text or languages.current() is ENGLISH or languages.is_chinese(text):
        return text or ""
    if mark == "quiet":
        return format_html('<span lang="en">{}</span>', text)
    return languages.labelled(text)


@register.filter
def english_plain(text: str) -> str:
    """Return such a text for an attribute, with its mark in words."""
    if not text or languages.current() is ENGLISH or languages.is_chinese(text):
        return text
    return f"{text}{_('(English only)')}"


@register.filter
def is_original(document: Any) -> bool:
    """Whether a document is shown by its publisher's own title."""
    return bool(document.title_original) and (
        languages.name(document) == document.title_original
    )


@register.filter
@remembered
def since(day: date | None, precision: str = "") -> SafeString | str:
    """Show since when something holds, no finer than it is known."""
    if day is None:
        return ""
    # Within the sentence, which a translation may turn around.
    return format_html(_("since {day}"), day=dated(day, precision))


@remembered
def dated(day: date, precision: str = "") -> SafeString:
    """Return a day in words, with the day itself for machines."""
    return format_html(
        '<time datetime="{}">{}</time>', day.isoformat(), writing.day(day, precision)
    )
