"""The languages of the public pages, and what of the record is in only one of them.

The language is in the address: English without a prefix, Chinese under
``/zh-hans/``. Nothing else decides it, neither a cookie nor what a browser asks for:
an answer depends on its address alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, wraps
from typing import Any, ParamSpec, TypeVar

from django.utils.html import format_html
from django.utils.http import escape_leading_slashes
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

Given = ParamSpec("Given")
Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Language:
    """A language of the pages: Django's code for it, its BCP 47 tag, its own name."""

    code: str
    tag: str
    name: str
    prefix: str = ""


ENGLISH = Language("en-gb", "en", "English")
CHINESE = Language("zh-hans", "zh-Hans", "中文", "/zh-hans")
LANGUAGES = (ENGLISH, CHINESE)
# For machines and for the desk: in English, at one address each.
WITHOUT = ("/api/", "/admin/")


def of_path(path: str) -> Language:
    """Return the language of what stands at ``path``."""
    is_chinese = path == CHINESE.prefix or path.startswith(CHINESE.prefix + "/")
    return CHINESE if is_chinese else ENGLISH


def current() -> Language:
    """Return the language that is being written."""
    return CHINESE if get_language() == CHINESE.code else ENGLISH


def remembered(function: Callable[Given, Answer]) -> Callable[Given, Answer]:
    """Let a function be computed once for the same arguments in the same language.

    What it returns follows from these alone, which can be hashed. The few thousand asked
    for last are kept.
    """

    def answer(_language: str | None, *args: Any, **kwargs: Any) -> Answer:
        return function(*args, **kwargs)

    # By type too: an EnglishOnly is equal to the bare text, and is shown otherwise.
    kept: Callable[..., Answer] = lru_cache(maxsize=4096, typed=True)(answer)

    @wraps(function)
    def asked(*args: Given.args, **kwargs: Given.kwargs) -> Answer:
        return kept(get_language(), *args, **kwargs)

    return asked


def path_in(language: Language, path: str) -> str:
    """Return the address, within the site, of the page at ``path`` in ``language``."""
    bare = escape_leading_slashes(path.removeprefix(of_path(path).prefix) or "/")
    return language.prefix + bare


class EnglishOnly(str):
    """A text that the record has in English only, while another language is read."""

    __slots__ = ()


def choose(english: str, chinese: str) -> str:
    """Return a text in the current language; in English where there is no Chinese."""
    if current() is ENGLISH or not english:
        return english
    return chinese or EnglishOnly(english)


def _both(thing: Any) -> tuple[str, str]:
    """Return the English and the Chinese name of something of the record."""
    for field in ("title", "name"):
        if english := getattr(thing, field, ""):
            return english, getattr(thing, f"{field}_zh", "") or _original(thing)
    return "", ""


def _original(thing: Any) -> str:
    """Return the title of a document in Chinese, as its publisher gave it."""
    original = getattr(thing, "title_original", "")
    return original if original and thing.language.startswith("zh") else ""


def name(thing: Any) -> str:
    """Return the name or title of something of the record, in the current language.

    Of a text that was chosen already, itself; of nothing, "".
    """
    if thing is None or isinstance(thing, str):
        return thing or ""
    chosen = choose(*_both(thing))
    if not hasattr(thing, "number"):
        return chosen
    numbered = f"{thing.number}. {chosen}"
    return EnglishOnly(numbered) if isinstance(chosen, EnglishOnly) else numbered


def other_name(thing: Any) -> tuple[str, str] | None:
    """Return (language tag, name) in the language that ``name`` did not choose."""
    english, chinese = _both(thing)
    if not chinese:
        return None
    if current() is ENGLISH:
        return CHINESE.tag, chinese
    return ENGLISH.tag, english


def is_chinese(text: str) -> bool:
    """Whether a text is Chinese, and does not just name something in it."""
    signs = sum("\u4e00" <= sign <= "\u9fff" for sign in text)
    return signs * 3 > len(text)


def labelled(text: str) -> SafeString:
    """Return an English text as HTML that says, to readers of another, that it is."""
    return format_html(
        '<span lang="en">{}</span><small class="eo">{}</small>',
        text,
        _("(English only)"),
    )
