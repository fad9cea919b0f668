"""Forms whose entry a second person signs off: preview, draft, hand in."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django import forms
from django.db.models import Q

from commitments import chain, services
from commitments.models import Commitment, Evidence, HistoryEntry, Proposal
from commitments.rules import RuleBroken
from commitments.services.proposal import check_up_to_date, latest_step

from .base import Line
from .evidence import EvidenceForm

# Not part of what is proposed.
ASIDE = ("csrfmiddlewaretoken", "seen", "seen_step", "previewed", "comment", "entry")


class ProposalForm(EvidenceForm):
    """Drafts an entry of one ``kind``; ``arguments`` are those of its service.

    ``proposal`` is the one that is being revised. ``previewed`` names what was
    last shown as the public would see it: only that is handed in.
    """

    kind: str
    seen_step = forms.IntegerField(required=False, widget=forms.HiddenInput)
    previewed = forms.CharField(required=False, widget=forms.HiddenInput)
    comment = Line(
        required=False,
        max_length=1000,
        label="Note to the reviewer",
        help_text="Kept with the draft; readers never see it.",
    )

    def __init__(self, *args, proposal: Proposal | None = None, **kwargs) -> None:
        self.proposal = proposal
        if proposal is not None:
            drafted = self.from_content(proposal.content)
            kwargs["initial"] = {**kwargs.get("initial", {}), **drafted}
        super().__init__(*args, **kwargs)
        self.initial.setdefault("seen_step", latest_step(self.commitment))

    def from_content(self, content: dict[str, Any]) -> dict[str, Any]:
        """Return the inputs that make this content of a proposal."""
        initial = dict(content)
        cited = Evidence.objects.filter(slug__in=content.get("evidence") or [])
        initial["evidence"] = list(cited)
        return initial

    def offered(self) -> Q:
        drafted = self.proposal.content.get("evidence") if self.proposal else None
        return super().offered() | Q(slug__in=drafted or [])

    def clean_seen_step(self) -> int:
        return self.cleaned_data["seen_step"] or 0

    def arguments(self) -> dict[str, Any]:
        """Return what the service is called with; makes a new document."""
        raise NotImplementedError

    @property
    def refers_to(self) -> HistoryEntry | None:
        return None

    @property
    def fingerprint(self) -> str:
        """A name for what was typed: equal for the same input alone."""
        data: Any = self.data
        given = {k: data.getlist(k) for k in data if k not in ASIDE and k[0] != "_"}
        told = json.dumps(given, sort_keys=True).encode()
        return hashlib.sha256(told).hexdigest()

    @property
    def is_previewed(self) -> bool:
        return self.data.get(self.add_prefix("previewed")) == self.fingerprint

    def preview(
        self, *, by: Any, at: datetime, show: Callable[[Commitment], str]
    ) -> str | None:
        """Return what readers would see, by ``show``; None if a rule refuses."""
        try:
            with services.rehearsal():
                chain.lock()
                commitment = check_up_to_date(
                    self.commitment, **self.given("seen", "seen_step")
                )
                proposal = Proposal(
                    commitment=commitment,
                    kind=self.kind,
                    refers_to=self.refers_to,
                    content=services.checked(self.arguments()),
                )
                with services.rehearsed(proposal, by=by, at=at) as entry:
                    page = show(entry.commitment)
        except RuleBroken as broken:
            self.refuse(broken)
            return None
        self.remember("previewed", self.fingerprint)
        return page

    def record(self, *, by: Any, at: datetime) -> Proposal:
        return self._keep(by=by, at=at, submit=True)

    def keep_draft(self, *, by: Any, at: datetime) -> Proposal | None:
        """Keep what was typed without handing it in; None if it is stale."""
        return self.attempt(lambda: self._keep(by=by, at=at, submit=False))

    def _keep(self, *, by: Any, at: datetime, submit: bool) -> Proposal:
        shared = {
            "arguments": self.arguments(),
            "by": by,
            "at": at,
            "submit": submit,
            **self.given("seen", "seen_step", "comment"),
        }
        if self.proposal is not None:
            return services.revise(
                proposal=self.proposal, revision=self.proposal.revision, **shared
            )
        return services.propose(
            commitment=self.commitment,
            kind=self.kind,
            refers_to=self.refers_to,
            **shared,
        )
