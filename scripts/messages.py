"""The texts of the public pages and their Chinese: taken from the code, compiled.

    python -m scripts.messages            take them anew, compile what is translated
    python -m scripts.messages --check    say what is missing; 1 where anything is

gettext's own programs are on few machines, so Babel does their work. Templates are
read as Django reads them.
"""

from __future__ import annotations

import argparse
import io
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import django
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.conf import settings
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
PO = ROOT / "locale/zh_Hans/LC_MESSAGES/django.po"
MO = PO.with_suffix(".mo")
# The desk is in English.
CODE = ("tracker/**/*.py", "commitments/**/*.py")
NO_CODE = ("migrations", "commitments/admin", "commitments/forms", "tracker/admin")
PAGES = ("templates/**/*.html", "templates/**/*.txt")
NO_PAGES = ("templates/admin",)
KEYWORDS: dict = {
    **dict.fromkeys(("_", "gettext", "gettext_lazy", "gettext_noop")),
    **dict.fromkeys(("ngettext", "ngettext_lazy"), (1, 2)),
    **dict.fromkeys(("pgettext", "pgettext_lazy"), ((1, "c"), 2)),
    **dict.fromkeys(("npgettext", "npgettext_lazy"), ((1, "c"), 2, 3)),
}
PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]|%%|\{(\w+)\}")
# The file says nothing of when it was made: only texts change it.
HEADER = "# Simplified Chinese of the public pages. Taken by `make messages`."
MADE = datetime(2026, 11, 25, tzinfo=UTC)


def files(patterns: tuple[str, ...], but: tuple[str, ...]) -> Iterator[Path]:
    """Yield the files of ``patterns``, in order, without those of the desk."""
    for pattern in patterns:
        for path in sorted(ROOT.glob(pattern)):
            name = path.relative_to(ROOT).as_posix()
            if not any(f"{part}/" in name or f"{part}." in name for part in but):
                yield path


def source(path: Path) -> str:
    """Return a file as Python that names its texts."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        return text
    # What surrounds the texts keeps its lines, but is no longer indented.
    lines = templatize(text, origin=str(path)).splitlines()
    return "\n".join(line.strip() for line in lines)


def taken() -> Catalog:
    """Return the texts of the code and of the templates."""
    catalog = Catalog(creation_date=MADE, charset="utf-8")
    for path in (*files(CODE, NO_CODE), *files(PAGES, NO_PAGES)):
        content = io.BytesIO(source(path).encode())
        found = extract("python", content, KEYWORDS, ("Translators:",))
        name = path.relative_to(ROOT).as_posix()
        for _line, text, comments, context in found:
            catalog.add(text, None, [(name, None)], (), comments, context=context)
    return catalog


def translated() -> Catalog:
    """Return the file of translations."""
    if not PO.exists():
        return Catalog(locale="zh_Hans", creation_date=MADE, charset="utf-8")
    with PO.open("rb") as file:
        return read_po(file, locale="zh_Hans")


def compiled(catalog: Catalog) -> bytes:
    """Return translations as programs read them."""
    file = io.BytesIO()
    write_mo(file, catalog)
    return file.getvalue()


def key(message: Message) -> tuple[str | None, str]:
    text = message.id
    return message.context, text if isinstance(text, str) else text[0]


def holders(text: str) -> set[str]:
    return {one or other for one, other in PLACEHOLDER.findall(text)} - {""}


def problems() -> list[str]:
    """Return what is wrong with the translations; nothing where all are whole."""
    wanted = {key(message) for message in taken() if message.id}
    catalog = translated()
    held = {key(message): message for message in catalog if message.id}
    found = [f"missing: {text!r}" for _, text in sorted(wanted - set(held), key=str)]
    found += [f"unused: {text!r}" for _, text in sorted(set(held) - wanted, key=str)]
    for message in held.values():
        found += _wrong(message)
    if not MO.exists() or MO.read_bytes() != compiled(catalog):
        found.append("The compiled file is not that of the translations.")
    return found


def _wrong(message: Message) -> list[str]:
    ids = message.id if isinstance(message.id, tuple) else (message.id,)
    said = message.string if isinstance(message.string, tuple) else (message.string,)
    if not said or not all(said):
        return [f"not translated: {ids[0]!r}"]
    found = [f"fuzzy: {ids[0]!r}"] if message.fuzzy else []
    wanted = set.union(*(holders(text) for text in ids))
    for text in said:
        if holders(text) != wanted:
            found.append(f"placeholders differ: {ids[0]!r}: {text!r}")
        if re.findall(r"<[^>]*>", text) and _tags(text) != _tags(ids[-1]):
            found.append(f"elements differ: {ids[0]!r}: {text!r}")
    return found


def _tags(text: str) -> list[str]:
    return sorted(re.findall(r"</?\w+", text))


def update() -> None:
    """Take the texts anew into the file of translations, and compile it."""
    catalog = translated()
    catalog.update(taken(), no_fuzzy_matching=True)
    catalog.obsolete.clear()
    catalog.fuzzy = False
    catalog.project, catalog.version = "Opening-Up Tracker", "1"
    catalog.header_comment, catalog.msgid_bugs_address = HEADER, "none"
    catalog.last_translator = catalog.language_team = "The tracker’s editors"
    catalog.creation_date = catalog.revision_date = MADE
    PO.parent.mkdir(parents=True, exist_ok=True)
    with PO.open("wb") as file:
        write_po(file, catalog, width=0, sort_by_file=True, ignore_obsolete=True)
    with PO.open("rb") as file:
        MO.write_bytes(compiled(read_po(file, locale="zh_Hans")))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    settings.configure(USE_I18N=True)
    django.setup()
    if not parser.parse_args().check:
        update()
    found = problems()
    print("\n".join(found) or f"{PO.relative_to(ROOT)}: every text is translated.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
