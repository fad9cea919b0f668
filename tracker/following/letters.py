"""Mails as they leave: text and HTML of one template, in the follower's language."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

import css_inline
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tracker import telling
from tracker.models import Follower, Letter, Mail, Telling
from tracker.models.follower import Cadence, Scope

from . import digests, tokens
from .filters import Words
from .plain import plain
from .tokens import Purpose

LONGEST_SUBJECT = 150
# Stands in the frame for the changes, which were rendered before.
HERE = "THE-CHANGES-STAND-HERE"
TEMPLATES = {
    Letter.Kind.CONFIRM: "mail/confirm.html",
    Letter.Kind.LINK: "mail/my_follows.html",
    Letter.Kind.CHANGE: "mail/changes.html",
    Letter.Kind.DIGEST: "mail/changes.html",
}


def composed(
    mail: Mail, told: Mapping[int, Telling], words: Words, *, at: datetime
) -> EmailMultiAlternatives:
    """Return a mail, ready to be sent. ``told`` has the changes of its letter."""
    letter, follower = mail.letter, mail.follower
    with translation.override(letter.language):
        links = _links(letter, follower, at=at)
        changes = [told[seq] for seq in letter.content.get("events", []) if seq in told]
        subject = _subject(letter, changes)
        context = {
            **links,
            "subject": subject,
            "letter": letter,
            "language": letter.language,
            "total": letter.content.get("total", 0),
            "untold": letter.content.get("total", 0) - len(changes),
            "period": _period(letter),
            "follows": _follows(letter, words),
            "SITE_NAME": settings.SITE_NAME,
            "SITE_URL": settings.SITE_URL,
            "here": HERE,
        }
        html = render_to_string(TEMPLATES[Letter.Kind(letter.kind)], context)
    text = plain(html).replace(HERE, "\n\n".join(one.text.strip() for one in changes))
    shown = html.replace(HERE, "".join(one.html for one in changes))
    message = EmailMultiAlternatives(
        subject=subject,
        body=text,
        to=[follower.address],
        headers=_headers(mail, links),
    )
    message.attach_alternative(_inliner().inline(shown), "text/html")
    return message


@lru_cache(maxsize=1)
def _inliner() -> css_inline.CSSInliner:
    """Styles go into each tag: many programs drop the rest. Nothing is loaded."""
    return css_inline.CSSInliner(load_remote_stylesheets=False, keep_style_tags=True)


def _links(letter: Letter, follower: Follower, *, at: datetime) -> dict[str, str]:
    def link(name: str, purpose: Purpose) -> str:
        token = tokens.made(purpose, follower, at=at)
        return settings.SITE_URL + reverse(name, args=[token])

    if letter.kind == Letter.Kind.CONFIRM:
        return {"confirm": link("follow-confirm", Purpose.CONFIRM)}
    return {
        "mine": link("follow-mine", Purpose.MINE),
        "stop": link("follow-stop", Purpose.STOP),
    }


def _headers(mail: Mail, links: dict[str, str]) -> dict[str, str]:
    """Return what programs read: who this is from, and how to end it (RFC 8058)."""
    host = urlsplit(settings.SITE_URL).hostname or "localhost"
    headers = {
        "Message-ID": f"<{mail.message_key.hex}@{host}>",
        # No answering machine answers to this, and so no loop begins (RFC 3834).
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
        "Precedence": "bulk",
    }
    if stop := links.get("stop"):
        ways = [f"<{stop}>"]
        if settings.UNSUBSCRIBE_ADDRESS:
            ways.append(f"<mailto:{settings.UNSUBSCRIBE_ADDRESS}?subject=unsubscribe>")
        headers["List-Unsubscribe"] = ", ".join(ways)
        if stop.startswith("https://"):
            headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        headers["List-ID"] = f"<changes.{host}>"
    return headers


def _subject(letter: Letter, changes: list[Telling]) -> str:
    name, total = settings.SITE_NAME, letter.content.get("total", 0)
    match letter.kind:
        case Letter.Kind.CONFIRM:
            text = _("Confirm that you want to follow: %(name)s") % {"name": name}
        case Letter.Kind.LINK:
            text = _("What you follow: %(name)s") % {"name": name}
        case Letter.Kind.CHANGE if changes:
            text = changes[0].line
        case _:
            text = ngettext(
                "%(count)s change, %(period)s: %(name)s",
                "%(count)s changes, %(period)s: %(name)s",
                total,
            ) % {"count": total, "period": _period(letter), "name": name}
    text = " ".join(text.split())
    return text if len(text) <= LONGEST_SUBJECT else f"{text[: LONGEST_SUBJECT - 1]}…"


def _period(letter: Letter) -> str:
    """Return the day or week that a digest is of, in words."""
    period = letter.content.get("period", "")
    if not period:
        return ""
    last = digests.end_of(period).date() - timedelta(days=1)
    if "W" not in period:
        return telling.day(last)
    return f"{telling.day(last - timedelta(days=6))} – {telling.day(last)}"


def _follows(letter: Letter, words: Words) -> list[dict[str, Any]]:
    """Return what a mail answers, or asks about, in words."""
    content = letter.content
    if letter.kind == Letter.Kind.CONFIRM:
        return [
            {
                "words": words.of(filters),
                "scope": str(Scope(scope).label),
                "cadence": str(Cadence(cadence).label),
            }
            for filters, scope, cadence in content["follows"]
        ]
    return [
        {
            "words": words.of(filters),
            "address": settings.SITE_URL
            + reverse("changes")
            + (f"?{filters}" if filters else ""),
        }
        for filters in content.get("filters", [])
    ]
