"""The forms of a page as a browser reads them."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin

PRESSED = ("submit", "button", "image")


@dataclass
class Form:
    """Where a form is sent, and what it holds unless somebody changes it."""

    action: str
    values: dict[str, str] = field(default_factory=dict)
    buttons: list[tuple[str, str]] = field(default_factory=list)
    files: list[str] = field(default_factory=list)


class Reader(HTMLParser):
    """Gathers the forms that are posted, with the fields that they enclose."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self.address, self.found = address, []
        self.form: Form | None = None
        self.inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._begin(given)
        elif self.form is not None:
            self._take(self.form, tag, given)

    def _begin(self, given: dict[str, str]) -> None:
        self.form = None
        if given.get("method", "").lower() == "post":
            action = given.get("action") or self.address
            self.form = Form(urljoin(self.address, action))
            self.found.append(self.form)

    def _take(self, form: Form, tag: str, given: dict[str, str]) -> None:
        name, kind, value = (given.get(n, "") for n in ("name", "type", "value"))
        if tag == "option" and self.inside and "selected" in given:
            form.values[self.inside] = value
        elif not name or name == "csrfmiddlewaretoken":
            return
        elif tag == "button" or kind in PRESSED:
            form.buttons.append((name, value))
        elif kind == "file":
            form.files.append(name)
        elif tag in ("select", "textarea"):
            self.inside = name
            form.values.setdefault(name, "")
        elif tag == "input":
            is_off = kind in ("checkbox", "radio") and "checked" not in given
            form.values.setdefault(name, "" if is_off else value)

    def handle_data(self, data: str) -> None:
        if self.form is not None and self.lasttag == "textarea" and self.inside:
            self.form.values[self.inside] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.form = None
        if tag in ("select", "textarea"):
            self.inside = ""


def posted(page: bytes, address: str) -> list[Form]:
    """Return the forms of a page that are posted."""
    reader = Reader(address)
    reader.feed(page.decode())
    return reader.found
