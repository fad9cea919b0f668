"""What is followed: filters of the list of changes, in one spelling and in words."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.http import QueryDict
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

from commitments.models import Commitment
from commitments.statuses import EntryKind
from tracker import browse, changes, facets, languages, writing
from tracker.browse import NOT, BadParameter

# How something is shown, or on which day: not what is followed.
SHOWN = ("view", "sort", "as_of", "known_at", "order", "before", "material")
LONGEST = 1000


def normalised(query: QueryDict, *, today: date) -> str:
    """Return the filters of an address in one spelling. Raises BadParameter."""
    wanted = query.copy()
    for name in SHOWN:
        wanted.pop(name, None)
    asked = changes.parse(wanted, today=today, paged=False)
    found = asked.parameters()
    for name in (*browse.FACETS, "entry"):
        found.setlist(name, sorted(found.getlist(name)))
        if not found.getlist(name):
            found.pop(name, None)
    text = found.urlencode()
    if len(text) > LONGEST:
        raise BadParameter(
            "filters",
            _("These are too many filters to follow. Take some of them away."),
        )
    return text


def asked(filters: str, *, today: date) -> changes.Asked:
    """Return what kept filters ask for. Raises BadParameter where a value is gone."""
    return changes.parse(QueryDict(filters), today=today, paged=False)


class Words:
    """Filters in the words of the language in force; names are read once."""

    def __init__(self) -> None:
        self._labels: dict[tuple[str | None, str], dict[str, str]] = {}
        self._titles: dict[str, tuple[str, str, str]] | None = None

    def of(self, filters: str) -> str:
        """Return what is followed, in one line."""
        query = QueryDict(filters)
        parts = []
        if slug := query.get("commitment"):
            parts.append(self._title(slug))
        if text := query.get("q"):
            parts.append(_("Search: “%(text)s”") % {"text": text})
        for name, label in browse.FACETS.items():
            parts += self._values(str(label), self.labels(name), query.getlist(name))
        if gap := query.get("claim_gap"):
            parts.append(facets.gap_in_words(gap == "true"))
        kinds = dict(EntryKind.choices)
        parts += self._values(_("Kind of entry"), kinds, query.getlist("entry"))
        between = pgettext("between the parts of a description", "; ")
        return between.join(parts) or _("All commitments")

    def labels(self, name: str) -> dict[str, str]:
        key = get_language(), name
        if key not in self._labels:
            self._labels[key] = {k: str(v) for k, v in browse.labels(name).items()}
        return self._labels[key]

    def _values(self, name: str, labels: Any, values: list[str]) -> list[str]:
        if not values:
            return []
        named = []
        for value in values:
            label = str(labels.get(value.removeprefix(NOT), value))
            is_out = value.startswith(NOT)
            named.append(_("not %(name)s") % {"name": label} if is_out else label)
        words = {"facet": name, "value": writing.listed(named)}
        return [_("%(facet)s: %(value)s") % words]

    def _title(self, slug: str) -> str:
        if self._titles is None:
            rows = Commitment.objects.public().values_list(
                "slug", "ref", "title", "title_zh"
            )
            self._titles = {row[0]: row[1:] for row in rows}
        ref, title, title_zh = self._titles.get(slug, ("", slug, ""))
        return f"{ref} {languages.choose(title, title_zh)}".strip()
