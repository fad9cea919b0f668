"""How the record's words look at the desk: an icon, the word, and a colour."""

from __future__ import annotations

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from commitments.desk import listing
from commitments.models import Flag
from commitments.statuses import FlagReason, Status

register = template.Library()


@register.simple_tag
def status(value: str) -> SafeString:
    """Show a delivery status; "" is one that has not been assessed yet."""
    name = value.replace("_", "-") or "none"
    return format_html(
        '<span class="st s-{}"><svg class="i" aria-hidden="true">'
        '<use href="#i-{}"/></svg>{}</span>',
        name,
        name,
        Status(value).label if value else "Not yet assessed",
    )


@register.filter
def flag_address(flag: Flag) -> str:
    """Return the list of what a flag is about; nothing where that is itself."""
    pk = flag.commitment_id
    match flag.reason:
        case FlagReason.NEW_EVIDENCE:
            return listing("suggestion", matches__commitment__id__exact=pk)
        case FlagReason.EVIDENCE_BROKEN | FlagReason.EVIDENCE_CHANGED:
            return listing("link", evidence__commitments__id__exact=pk)
    return ""
