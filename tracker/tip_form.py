"""The form on which a reader says what is wrong or missing, and what guards it.

No third party and no puzzle: a signed time of showing, a field that people leave
empty, and how often one address has sent. Whoever is refused keeps what they typed.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.core.exceptions import ValidationError
from django.core.signing import BadSignature, Signer
from django.http import HttpRequest
from django.urls import Resolver404, resolve
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from commitments.lockout import counted_address
from commitments.models import Commitment, Tip
from commitments.models.tip import LONGEST_MESSAGE
from commitments.validation import check_characters, check_url
from tracker import languages
from tracker.api import rates

# Nobody reads the form and writes a sentence in less.
SOONEST = timedelta(seconds=3)
LATEST = timedelta(hours=24)
HOUR = 3600
PER_CLIENT = 10
# Also where Redis does not answer and nobody is counted.
PER_HOUR = 300
LONGEST_PAGE = 500
SIGNER = Signer(salt="tracker.tip")


class Refused(Exception):
    """The form is shown again, with everything typed: why, and what to do."""

    def __init__(self, message: str, *, status: int, again_in: int = 0) -> None:
        super().__init__(message)
        self.status = status
        self.again_in = again_in


def seal(*, at: datetime) -> str:
    """Return a key for one form as it is shown, with the signed time."""
    return SIGNER.sign(f"{secrets.token_urlsafe(12)}.{int(at.timestamp())}")


def opened(key: str, *, at: datetime) -> str:
    """Return the name of the form that ``key`` was shown with. Raises Refused."""
    try:
        name, _dot, shown = SIGNER.unsign(key).rpartition(".")
        age = at.timestamp() - int(shown)
    except (BadSignature, ValueError):
        raise Refused(
            _("This form was not opened here, or not whole. Read it over and send it."),
            status=422,
        ) from None
    if age > LATEST.total_seconds():
        raise Refused(
            _("The form had been open for more than a day. Read it over and send it."),
            status=422,
        )
    if age < SOONEST.total_seconds():
        raise Refused(
            _("That was faster than people type. Wait three seconds and send it."),
            status=422,
        )
    return name


def check_rate(request: HttpRequest, *, at: datetime) -> None:
    """Refuse what one address, or all together, send too often. Raises Refused."""
    now = at.timestamp()
    client = rates.nameless(counted_address(request) or "unknown")
    sent = rates.count(client, now=now, kind="tip", window=HOUR)
    lately = Tip.objects.filter(received_at__gt=at - timedelta(seconds=HOUR)).count()
    if sent > PER_CLIENT or lately >= PER_HOUR:
        raise Refused(
            _(
                "Too many tips came from where you are, or at once. Nothing is lost: "
                "keep this page open and send it in an hour."
            ),
            status=429,
            again_in=HOUR - int(now % HOUR),
        )


def clean_page(given: str) -> str:
    """Return the address on this site that a tip is about, "" where it is none."""
    given = given.strip()[:LONGEST_PAGE]
    try:
        check_characters(given)
        parts = urlsplit(given)
    except (ValidationError, ValueError):
        return ""
    is_here = given.startswith("/") and not given.startswith(("//", "/\\"))
    return given if is_here and not parts.netloc and "\ufffd" not in given else ""


def commitment_of(page: str) -> Commitment | None:
    """Return the public commitment whose page this is."""
    path = urlsplit(page).path
    try:
        # In the language that is spoken now: only its addresses resolve.
        match = resolve(languages.path_in(languages.current(), path))
    except Resolver404:
        return None
    if match.url_name != "commitment":
        return None
    return Commitment.objects.public().filter(slug=match.kwargs["slug"]).first()


def check_readable(text: str) -> None:
    """Refuse what is no text. Raises ValidationError."""
    if "\ufffd" in text:
        raise ValidationError(
            _("Part of this could not be read as text. Type it instead of copying it.")
        )
    check_characters(text)


class TipForm(forms.Form):
    """What is wrong or missing, and what helps us to find it."""

    message = forms.CharField(
        label=gettext_lazy("What is wrong or missing?"),
        max_length=LONGEST_MESSAGE,
        validators=[check_readable],
        widget=forms.Textarea(attrs={"rows": 6, "class": "input"}),
    )
    about = forms.CharField(
        label=gettext_lazy("Commitment"),
        required=False,
        max_length=120,
        validators=[check_readable],
        help_text=gettext_lazy("Its number, such as 1.14, if it is about one."),
        widget=forms.TextInput(attrs={"class": "input"}),
    )
    source_url = forms.CharField(
        label=gettext_lazy("Address of a public source"),
        required=False,
        validators=[check_readable, check_url],
        help_text=gettext_lazy("A document that shows it. It is what helps most."),
        widget=forms.TextInput(attrs={"class": "input", "inputmode": "url"}),
    )
    email = forms.EmailField(
        label=gettext_lazy("Your e-mail address"),
        required=False,
        max_length=254,
        validators=[check_readable],
        help_text=gettext_lazy("Only if you want the answer by mail."),
        widget=forms.EmailInput(attrs={"class": "input", "autocomplete": "email"}),
    )
    # Nobody types these, so nobody could mend them: what is wrong is left out.
    page = forms.Field(required=False, widget=forms.HiddenInput)
    key = forms.Field(required=False, widget=forms.HiddenInput)
    # People do not see it; programs that fill in everything do.
    homepage = forms.CharField(
        label=gettext_lazy("Leave this empty"),
        required=False,
        widget=forms.TextInput(attrs={"tabindex": "-1", "autocomplete": "off"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        for bound in self.visible_fields():
            attrs = bound.field.widget.attrs
            # Browsers would cut what is pasted without a word.
            attrs.pop("maxlength", None)
            attrs |= self._described(bound)

    def _described(self, bound: forms.BoundField) -> dict[str, str]:
        """Tie hints and errors to the input for those who do not see them."""
        ids = [f"{bound.id_for_label}_hint"] if bound.help_text else []
        if self.is_bound and bound.errors:
            return {
                "aria-invalid": "true",
                "aria-describedby": " ".join([f"{bound.id_for_label}_error", *ids]),
            }
        return {"aria-describedby": ids[0]} if ids else {}

    def clean_message(self) -> str:
        return self.cleaned_data["message"].replace("\r\n", "\n").replace("\r", "\n")

    def clean_page(self) -> str:
        return clean_page(self.cleaned_data["page"] or "")

    def clean_about(self) -> Commitment | None:
        """Return the public commitment that is named by number or address."""
        named = self.cleaned_data["about"].strip()
        if not named:
            return None
        public = Commitment.objects.public()
        found = public.filter(ref=named).first() or public.filter(slug=named).first()
        if found is None:
            raise ValidationError(
                _(
                    "No commitment has the number “%(named)s”. Look it up in the list, "
                    "or leave this empty."
                ),
                params={"named": named[:40]},
            )
        return found

    def clean_homepage(self) -> str:
        if self.cleaned_data["homepage"]:
            raise ValidationError(
                _(
                    "Something filled in a field that people do not see. It has been "
                    "emptied: read the form over and send it again."
                )
            )
        return ""

    def show_again(self, *, key: str = "") -> None:
        """Empty what nobody typed, and give the form a new key where it needs one."""
        data: Any = self.data.copy()  # type: ignore[attr-defined]
        data["homepage"] = ""
        if key:
            data["key"] = key
        self.data = data
