"""The HTML of a mail as plain text: one source for both parts."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from unicodedata import east_asian_width

WIDTH = 72
BLOCKS = {"p", "h1", "h2", "h3", "ul", "ol", "li", "div", "table", "tr", "td", "hr"}
UNSEEN = {"head", "style", "title"}
UNDERLINES = {"h1": "=", "h2": "-"}
WIDE = "\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef"
# What stays together: a word, or a Chinese character with the marks at its sides.
WORDS = re.compile(
    rf"[“（《「]*(?:[{WIDE}][，。、；：？！”）》」]*|[^\s{WIDE}“（《「]+)\s*|\S\s*"
)


class _Reader(HTMLParser):
    """Collects blocks of text; a link's address stands behind its words."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks: list[str] = []
        self.words: list[str] = []
        self.block = "p"
        self.link, self.link_from = "", 0
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
            self.link, self.link_from = dict(attrs).get("href") or "", len(self.words)

    def handle_endtag(self, tag: str) -> None:
        if tag in UNSEEN:
            self.unseen -= 1
        if tag == "a" and self.link:
            if "".join(self.words[self.link_from :]).strip() == self.link:
                del self.words[self.link_from :]
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
            text += "\n" + UNDERLINES[self.block] * max(map(columns, text.split("\n")))
        if is_item and self.in_list:
            self.blocks[-1] += "\n" + text
        else:
            self.blocks.append(text)
        self.in_list = is_item


def columns(text: str) -> int:
    """Return how wide a text is where Chinese characters take two columns."""
    return sum(1 + (east_asian_width(letter) in "WF") for letter in text)


def _filled(line: str, lead: str) -> str:
    """Return a line, broken between words, or Chinese characters, to fit."""
    indent = "  " if lead else ""
    if line.startswith(("http://", "https://", "mailto:")):
        return f"{indent}{line}"
    lines = [lead]
    for word in WORDS.findall(line):
        if columns(lines[-1] + word.rstrip()) > WIDTH and lines[-1].strip(" -"):
            lines.append(indent)
        lines[-1] += word
    return "\n".join(one.rstrip() for one in lines)


def plain(html: str) -> str:
    """Return what an HTML text says, in lines of up to 72 columns."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    reader.flush()
    return "\n\n".join(reader.blocks) + "\n"
