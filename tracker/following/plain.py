"""The HTML of a mail as plain text: one source for both parts."""

from __future__ import annotations

import re
import textwrap
from html.parser import HTMLParser

WIDTH = 72
BLOCKS = {"p", "h1", "h2", "h3", "ul", "ol", "li", "div", "table", "tr", "td", "hr"}
UNSEEN = {"head", "style", "title"}
UNDERLINES = {"h1": "=", "h2": "-"}


class _Reader(HTMLParser):
    """Collects blocks of text; a link's address stands behind its words."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks: list[str] = []
        self.words: list[str] = []
        self.block = "p"
        self.link = ""
        self.unseen = 0
        self.in_list = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in UNSEEN:
            self.unseen += 1
        if tag in BLOCKS:
            self.flush()
            self.block = tag
        if tag == "br":
            self.words.append("\n")
        if tag == "a":
            self.link = dict(attrs).get("href") or ""

    def handle_endtag(self, tag: str) -> None:
        if tag in UNSEEN:
            self.unseen -= 1
        if tag == "a" and self.link:
            # On a line of its own: no program breaks it, or takes a full stop with it.
            self.words.append(f"\n{self.link}\n")
            self.link = ""
        if tag in BLOCKS:
            self.flush()
            self.block = "p"

    def handle_data(self, data: str) -> None:
        if not self.unseen:
            self.words.append(re.sub(r"\s+", " ", data))

    def flush(self) -> None:
        lines = [line.strip() for line in "".join(self.words).split("\n")]
        self.words = []
        lines = [line for line in lines if line and line not in ".,;"]
        if not lines:
            return
        is_item = self.block == "li"
        text = "\n".join(
            _filled(line, "- " if is_item and not number else "  " * is_item)
            for number, line in enumerate(lines)
        )
        if self.block in UNDERLINES:
            text += "\n" + UNDERLINES[self.block] * min(WIDTH, max(map(len, lines)))
        if is_item and self.in_list:
            self.blocks[-1] += "\n" + text
        else:
            self.blocks.append(text)
        self.in_list = is_item


def _filled(line: str, lead: str) -> str:
    if line.startswith(("http://", "https://", "mailto:")):
        return f"{'  ' if lead else ''}{line}"
    return textwrap.fill(
        line,
        WIDTH,
        initial_indent=lead,
        subsequent_indent="  " if lead else "",
        break_long_words=False,
        break_on_hyphens=False,
    )


def plain(html: str) -> str:
    """Return what an HTML text says, in lines of up to 72 characters."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    reader.flush()
    return "\n\n".join(reader.blocks) + "\n"
