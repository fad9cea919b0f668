"""How a commitment is cited: with the version that was read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from django.conf import settings
from django.utils.translation import gettext as _

from commitments.models import Commitment
from commitments.statuses import Status


@dataclass(frozen=True)
class Citation:
    """A commitment as it stood when it was read, on day ``on``."""

    commitment: Commitment
    title: str
    status: str
    on: date

    @property
    def url(self) -> str:
        """The address of this version: it shows what was published by that day."""
        path = self.commitment.get_absolute_url()
        return f"{settings.SITE_URL}{path}?known_at={self.on.isoformat()}"

    @property
    def name(self) -> str:
        label = Status(self.status).label if self.status else _("not yet assessed")
        said = {"name": f"{self.commitment.ref} {self.title}", "status": label}
        return _("%(name)s: %(status)s") % said

    def plain(self) -> str:
        return _("%(site)s, “%(name)s”, as published on %(day)s. %(address)s") % {
            "site": settings.SITE_NAME,
            "name": self.name,
            "day": self.on,
            "address": self.url,
        }

    def bibtex(self) -> str:
        """Return a BibTeX entry; what TeX would run is escaped."""
        key = f"tracker-{self.commitment.slug}-{self.on.isoformat()}"
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
