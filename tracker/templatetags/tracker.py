"""How the record's words look on a page: an icon, the word, and a colour."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from datetime import date
from functools import lru_cache

from django import template
from django.template import Context, Engine, Node, NodeList, Template
from django.template.base import Parser, Token
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from commitments.statuses import Freshness, Schedule, Status
from commitments.verdicts import Verdict
from tracker import writing
from tracker.charts import css
from tracker.languages import EnglishOnly, labelled, remembered
from tracker.lines import Mark
from tracker.searching import marked
from tracker.templatetags.words import dated, name_in_words

register = template.Library()

SCHEDULE_LOOKS = {
    Schedule.NO_DATE: ("none", "none"),
    Schedule.NOT_DUE: ("on", "cal"),
    Schedule.DUE_SOON: ("behind", "behind"),
    Schedule.OVERDUE: ("overdue", "overdue"),
    Schedule.MET_ON_TIME: ("on", "on"),
    Schedule.MET_LATE: ("behind", "on"),
}
FRESHNESS_LOOKS = {
    Freshness.CURRENT: "f0",
    Freshness.REVIEW_DUE: "f1",
    Freshness.STALE: "f2",
    Freshness.NEVER_REVIEWED: "f3",
}


@register.simple_tag
@remembered
def icon(name: str, more: str = "") -> SafeString:
    """Draw an icon of the sprite; the word beside it carries the meaning."""
    return format_html(
        '<svg class="i {}" aria-hidden="true"><use href="#i-{}"/></svg>', more, name
    )


register.filter("css", css)


@register.filter
@remembered
def status_label(value: str) -> str:
    return str(Status(value).label) if value else _("Not yet assessed")


@register.filter
def status_icon(value: str) -> str:
    """Return the icon name of a status, or of its absence."""
    return css(value) if value else "none"


@register.filter
@remembered
def status_mark(value: str) -> SafeString:
    """Show a delivery status; "" is one that has not been assessed yet."""
    return format_html(
        '<span class="st s-{}">{}{}</span>',
        css(value) or "none",
        icon(status_icon(value)),
        status_label(value),
    )


@register.filter
@remembered
def schedule_mark(value: str) -> SafeString:
    look, name = SCHEDULE_LOOKS[Schedule(value)]
    return format_html(
        '<span class="sch {}">{}{}</span>', look, icon(name), Schedule(value).label
    )


@register.filter
def freshness_look(value: str) -> str:
    """Return the style class of a freshness value."""
    return FRESHNESS_LOOKS[Freshness(value)]


@register.filter
@remembered
def freshness_mark(value: str) -> SafeString:
    return format_html(
        '<span class="fr {}">{}</span>', freshness_look(value), Freshness(value).label
    )


@register.filter
@remembered
def unit(mark: Mark) -> SafeString:
    """Show a commitment as one icon among those of its status."""
    name = name_in_words(mark.name)
    said = {"ref": mark.ref, "title": name, "status": status_label(mark.status)}
    return format_html(
        '<a href="{}" title="{} {}" aria-label="{}">{}</a>',
        mark.address,
        mark.ref,
        name,
        _("%(ref)s %(title)s: %(status)s") % said,
        icon(css(mark.status)),
    )


@register.filter
@remembered
def last_look(mark: Mark) -> SafeString:
    """Show a commitment as the days since its evidence was looked at."""
    days, said = mark.days_since_review, {"ref": mark.ref}
    if days is None:
        words = _("%(ref)s: never reviewed") % said
    else:
        look = str(mark.freshness.label)
        said |= {"days": writing.days(days), "freshness": look}
        words = _("%(ref)s: %(days)s, %(freshness)s") % said
    return format_html(
        '<a class="{}{}" href="{}" title="{} {}" aria-label="{}">{}</a>',
        freshness_look(mark.freshness),
        "" if mark.freshness == Freshness.CURRENT else " late",
        mark.address,
        mark.ref,
        name_in_words(mark.name),
        words,
        "–" if days is None else days,
    )


@register.filter
def met_mark(is_met: bool) -> SafeString:
    """Show whether a part of the test, or a milestone, is met."""
    look = "delivered" if is_met else "no-evidence"
    word = _("Met") if is_met else _("Not met yet")
    return format_html('<span class="st s-{}">{}{}</span>', look, icon(look), word)


@register.filter
def grade_mark(value: str) -> SafeString:
    return format_html(
        '<span class="grade {0}" title="{1} {0}"><span class="vh">{1} </span>{0}</span>',
        value,
        _("Evidence grade"),
    )


LINK_LOOKS = {
    Verdict.OK: ("ok", "link"),
    Verdict.MOVED: ("moved", "arrow"),
    Verdict.CHANGED: ("moved", "edit"),
    Verdict.NOT_FOUND: ("moved", "info"),
    Verdict.BLOCKED: ("moved", "info"),
    Verdict.UNREACHABLE: ("moved", "info"),
    Verdict.SOFT_404: ("dead", "dead"),
    Verdict.GONE: ("dead", "dead"),
}
SHORT = {
    Verdict.SOFT_404: gettext_lazy("Not there any more"),
    Verdict.NOT_FOUND: gettext_lazy("Not found"),
}


@register.filter
def link_mark(value: str) -> SafeString:
    """Show how a link was found when it was last looked at."""
    verdict = Verdict(value)
    look, name = LINK_LOOKS[verdict]
    word = SHORT.get(verdict, verdict.label)
    return format_html('<span class="health {}">{}{}</span>', look, icon(name), word)


@register.filter
def marking(text: str, search: str) -> SafeString:
    """Mark the words of a search in a text."""
    found = marked(text, search)
    return labelled(found) if isinstance(text, EnglishOnly) else found


@register.filter
def of(found: dict, key: object) -> object:
    """Return what is kept under a key, or nothing."""
    return found.get(key)


@register.filter
def when(day: date | None, precision: str = "") -> SafeString | str:
    """Show a day no finer than it is known: 3 Jul 2026, Jul 2026, Q3 2026, 2026."""
    return dated(day, precision) if day else ""


@register.filter
def drawn(values: Iterable[Hashable], name: str) -> list[SafeString]:
    """Return each value as the template called ``name`` shows it: there, as ``it``.

    Equal values are drawn once and remembered: most rows of the list stand on many of
    its pages, and a change of the record leaves all but one as they were. So a value
    holds all that is shown of it, and its template knows nothing else.
    """
    # Found anew each time: one that was edited meanwhile is another.
    template, language = Engine.get_default().get_template(name), get_language()
    return [_drawn(value, template, language) for value in values]


# Some ten pages of the list, of 3 KB each row.
@lru_cache(maxsize=2_000)
def _drawn(value: Hashable, template: Template, _language: str | None) -> SafeString:
    return template.render(Context({"it": value}))


@register.tag
def keep(parser: Parser, token: Token) -> Node:
    """Render what stands between once, and keep it: {% keep name %}…{% endkeep %}.

    A block can be written only once in a template; its words are wanted twice.
    """
    _tag, name = token.split_contents()
    inside = parser.parse(("endkeep",))
    parser.delete_first_token()
    return Kept(inside, name)


class Kept(Node):
    def __init__(self, nodelist: NodeList, name: str) -> None:
        self.nodelist, self.name = nodelist, name

    def render(self, context: Context) -> str:
        context[self.name] = self.nodelist.render(context)
        return ""
