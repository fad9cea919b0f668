"""What one look at a link means: pure functions over what came back.

Gone from the world and unreachable from here are kept apart: only a server that
itself says "not found", three times and at least three days apart, makes a link gone.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from commitments.validation import same_page

if TYPE_CHECKING:
    from commitments.outgoing import Answer
    from commitments.readable import Readable


class Verdict(models.TextChoices):
    """How a link was found."""

    OK = "ok", pgettext_lazy("link", "Opens")
    MOVED = "moved", pgettext_lazy("link", "Moved")
    CHANGED = "changed", pgettext_lazy("link", "Changed")
    SOFT_404 = "soft_404", _("Replaced by a page that says it is not there")
    NOT_FOUND = "not_found", _("Not found, to be confirmed")
    BLOCKED = "blocked", _("Blocked from here")
    UNREACHABLE = "unreachable", _("Unreachable from here")
    GONE = "gone", pgettext_lazy("link", "Gone")


DEFINITIONS = {
    Verdict.OK: _("It opens, and says what it said when the copy was kept."),
    Verdict.MOVED: _("It leads for good to another address, where the document is."),
    Verdict.CHANGED: _("Its text differs from the kept copy, beyond dates and menus."),
    Verdict.SOFT_404: _("A page opens that says the document is not there."),
    Verdict.NOT_FOUND: _(
        "The server says it is not there; to be confirmed by two more "
        "checks, at least three days apart."
    ),
    Verdict.BLOCKED: _(
        "The server refuses us. Readers elsewhere may be able to open it."
    ),
    Verdict.UNREACHABLE: _(
        "No answer comes from there to us. Readers elsewhere may be able to open it."
    ),
    Verdict.GONE: _(
        "The server said on three checks at least three days apart that it "
        "is not there."
    ),
}
# The original cannot be read: the kept copy is what is left.
LOST = (Verdict.GONE, Verdict.SOFT_404)
# No answer of the document's own; says nothing of whether it still exists.
SILENT = (Verdict.UNREACHABLE, Verdict.BLOCKED)
# So long a silence is no passing trouble.
SILENT_FOR = timedelta(days=7)
READ = (Verdict.OK, Verdict.MOVED, Verdict.CHANGED)

# A person says what follows from it.
TO_DECIDE = (Verdict.CHANGED, Verdict.MOVED, Verdict.SOFT_404, Verdict.GONE)

MISSES = 3
BETWEEN_MISSES = timedelta(days=3)
# When each verdict is looked at again, in days, before the spread.
AGAIN = {
    Verdict.OK: 14,
    Verdict.MOVED: 14,
    Verdict.CHANGED: 7,
    Verdict.SOFT_404: 3,
    Verdict.NOT_FOUND: 3,
    Verdict.BLOCKED: 2,
    Verdict.UNREACHABLE: 2,
    Verdict.GONE: 30,
}
BEHIND_RECENT_CHANGES = 3


@dataclass(frozen=True)
class Miss:
    """How often a link was said not to be there, and when that last counted."""

    count: int = 0
    at: datetime | None = None


@dataclass(frozen=True)
class Judged:
    """The verdict of one look; ``detail`` is a sentence for readers."""

    verdict: Verdict
    detail: str = ""
    moved_to: str = ""
    miss: Miss = Miss()


NOT_THERE = re.compile(
    r"\b404\b|page (?:was |could )?not (?:be )?found|not be found|no longer (?:exists|"
    r"available)|does not exist|页面不存在|页面未找到|找不到(?:该|您|此)?[^。]{0,12}页面|"
    r"网页不存在|内容(?:已)?(?:不存在|被?删除)|您访问的(?:页面|文章|内容)[^。]{0,8}不存在",
    re.IGNORECASE,
)
CHALLENGE = re.compile(
    r"just a moment|checking your browser|attention required|verify(?:ing)? you are "
    r"(?:a )?human|captcha|enable javascript and cookies|access denied|"
    r"安全验证|访问验证|人机验证|请求被拦截|访问被(?:拒绝|阻断)|请开启javascript",
    re.IGNORECASE,
)
# A page of these few characters is a notice rather than a document.
NOTICE = 600
# Statuses of firewalls and challenges beside 401, 403 and 451.
REFUSING = frozenset({401, 402, 403, 405, 406, 407, 412, 418, 421, 429, 451, 521, 567})


def judge(
    answer: Answer,
    page: Readable,
    *,
    asked: str,
    before: Miss,
    at: datetime,
    kept: str | None,
) -> Judged:
    """Return the verdict on an answer.

    ``asked`` is the address of the evidence, ``before`` the misses so far, ``kept``
    the text of the copy that it is held against (None: no copy with text yet).
    """
    if answer.status in (404, 410):
        return _missing(answer.status, before, at)
    if answer.status in REFUSING:
        return Judged(Verdict.BLOCKED, f"It answers {answer.status}.", miss=before)
    if is_challenge(answer, page):
        detail = "It shows a check of the visitor in place of the document."
        return Judged(Verdict.BLOCKED, detail, miss=before)
    if not 200 <= answer.status < 300:
        detail = f"It answers {answer.status}."
        return Judged(Verdict.UNREACHABLE, detail, miss=before)
    if reason := soft_404(answer, page, asked=asked):
        return Judged(Verdict.SOFT_404, reason)
    moved = answer.moved_to
    if moved and same_page(moved) != same_page(asked):
        return Judged(Verdict.MOVED, "It leads for good elsewhere.", moved_to=moved)
    if kept is not None and page.text and not same_text(kept, page.text):
        return Judged(Verdict.CHANGED, "Its text differs from the kept copy.")
    return Judged(Verdict.OK)


def _missing(status: int, before: Miss, at: datetime) -> Judged:
    miss = before
    if before.at is None or at - before.at >= BETWEEN_MISSES:
        miss = Miss(before.count + 1, at)
    if miss.count >= MISSES:
        detail = f"It answered {status} on {miss.count} checks."
        return Judged(Verdict.GONE, detail, miss=miss)
    detail = f"It answers {status}; seen on {miss.count} of {MISSES} checks."
    return Judged(Verdict.NOT_FOUND, detail, miss=miss)


def is_challenge(answer: Answer, page: Readable) -> bool:
    """Whether a check of the visitor came in place of the document."""
    if "cf-mitigated" in answer.headers:
        return True
    if page.kind != "html" or len(page.text) > NOTICE:
        return False
    if CHALLENGE.search(f"{page.title}\n{page.text}"):
        return True
    scripted = b"document.cookie" in answer.body or b"location.reload" in answer.body
    return scripted and len(page.text) < 40


def soft_404(answer: Answer, page: Readable, *, asked: str) -> str:
    """Return why a page that opens is not the document, or nothing.

    A short page that says so, or the front page of the site after a redirect.
    """
    is_notice = page.kind == "html" and len(page.text) <= NOTICE
    if is_notice and NOT_THERE.search(f"{page.title}\n{page.text}"):
        return "It opens a page that says the document is not there."
    depth = len([part for part in urlsplit(asked).path.split("/") if part])
    redirected = len(answer.hops) > 1
    at_front = urlsplit(answer.url).path.rstrip("/").lower() in (
        "",
        "/index.html",
        "/index.htm",
        "/index.shtml",
        "/404.html",
        "/404",
    )
    if redirected and depth and at_front:
        return "It leads to the front page of the site."
    return ""


# Each run of digits, letters or spaces is bounded: a page made to be searched in
# quadratic time would hold up the check of all links.
MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\.?"
DATES = re.compile(
    r"\d{4}\s{0,3}[-/.年]\s{0,3}\d{1,2}\s{0,3}[-/.月]\s{0,3}\d{1,2}\s{0,3}日?|"
    rf"\d{{1,2}}\s{{1,3}}{MONTH},?\s{{1,3}}\d{{4}}|"
    rf"{MONTH}\s{{1,3}}\d{{1,2}},?\s{{1,3}}\d{{4}}|"
    r"\d{1,2}:\d{2}(?::\d{2})?|星期[一二三四五六日天]|"
    r"\b(?:mon|tues|wednes|thurs|fri|satur|sun)day\b",
    re.IGNORECASE,
)
VIEWS = re.compile(
    r"(?:浏览|阅读|点击|访问)(?:次数|量|数)?\s{0,3}[:：]?\s{0,3}\d{1,15}\s{0,3}次?|"
    r"\b(?:read|viewed|views|reads):?\s{0,3}\d{1,15}(?: times)?|"
    r"(?<!\d)\d{1,15}\s{0,3}(?:views|reads)\b",
    re.IGNORECASE,
)


def lines(text: str) -> list[str]:
    """Return the lines of a text that say something, without dates and counters."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    plain = VIEWS.sub(" ", DATES.sub(" ", plain))
    cleaned = (" ".join(line.split()) for line in plain.splitlines())
    return [line for line in cleaned if any(c.isalnum() for c in line)]


def same_text(old: str, new: str) -> bool:
    """Whether two texts say the same, beyond dates, counters and short menu lines."""
    before, after = lines(old), lines(new)
    if before == after:
        return True
    return not any(map(_says_something, _unlike(before, after)))


def _unlike(before: Sequence[str], after: Sequence[str]) -> list[str]:
    """Return the lines that only one of the two has."""
    known, fresh = set(before), set(after)
    return [*(known - fresh), *(fresh - known)]


def _says_something(line: str) -> bool:
    """Whether a line is a sentence rather than a label of a menu."""
    words = [word for word in line.split() if any(c.isalnum() for c in word)]
    return len(words) >= 5 or sum("\u4e00" <= c <= "\u9fff" for c in line) >= 12


def difference(old: str, new: str, *, most: int = 200) -> list[tuple[str, str]]:
    """Return the lines that differ as (change, line): added or removed, in order."""
    steps = difflib.ndiff(old.splitlines(), new.splitlines())
    told = [
        ("added" if step[0] == "+" else "removed", step[2:])
        for step in steps
        if step[0] in "+-" and step[2:].strip()
    ]
    return told[:most]
