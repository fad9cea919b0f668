"""How a commitment is cited: with the version that was read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode

from django.conf import settings
from django.utils.translation import gettext as _

from commitments.models import Commitment
from commitments.statuses import Status
from tracker import writing


@dataclass(frozen=True)
class Citation:
    """A commitment as it was published by day ``on``; read as of ``as_of``, if given."""

    commitment: Commitment
    title: str
    status: str
    on: date
    as_of: date | None = None

    @property
    def url(self) -> str:
        """The address of this version: it shows what was published by that day."""
        days = {"as_of": self.as_of, "known_at": self.on}
        query = urlencode({name: day.isoformat() for name, day in days.items() if day})
        return f"{settings.SITE_URL}{self.commitment.get_absolute_url()}?{query}"

    @property
    def name(self) -> str:
        label = Status(self.status).label if self.status else _("not yet assessed")
        name = f"{self.commitment.ref} {self.title}"
        if self.as_of:
            said = {"name": name, "status": label, "day": writing.day(self.as_of)}
            return _("%(name)s: %(status)s on %(day)s") % said
        return _("%(name)s: %(status)s") % {"name": name, "status": label}

    def plain(self) -> str:
        return _("%(site)s, “%(name)s”, as published on %(day)s. %(address)s") % {
            "site": settings.SITE_NAME,
            "name": self.name,
            "day": writing.day(self.on),
            "address": self.url,
        }

    def bibtex(self) -> str:
        """Return a BibTeX entry; what TeX would run is escaped."""
        days = "-".join(day.isoformat() for day in (self.on, self.as_of) if day)
        key = f"tracker-{self.commitment.slug}-{days}"
        fields = {
            "author": f"{{{_tex(settings.SITE_NAME)}}}",
            "title": f"{{{_tex(self.name)}}}",
            "year": str(self.on.year),
            "month": str(self.on.month),
            "url": self.url,
            "urldate": self.on.isoformat(),
        }
        body = ",\n".join(f"  {name} = {{{value}}}" for name, value in fields.items())
        return f"@online{{{key},\n{body}\n}}\n"

    def ris(self) -> str:
        """Return a record in RIS, for reference managers."""
        lines = [
            ("TY", "ELEC"),
            ("AU", settings.SITE_NAME),
            ("TI", self.name),
            ("PY", str(self.on.year)),
            ("DA", self.on.strftime("%Y/%m/%d")),
            ("UR", self.url),
            ("Y2", self.on.strftime("%Y/%m/%d")),
            ("ER", ""),
        ]
        return "".join(f"{tag}  - {value}\r\n" for tag, value in lines)


def _tex(text: str) -> str:
    text = text.replace("\\", "\\textbackslash ")
    return re.sub(r"([&%$#_{}])", r"\\\1", text)
