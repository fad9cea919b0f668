"""The forms of the desk: each is one call to a service."""

from .acts import (
    AmendWordingForm,
    AssessForm,
    AttachEvidenceForm,
    ClaimForm,
    MeetMilestoneForm,
    MergeForm,
    MoveDeadlineForm,
    PublishForm,
    ReviewForm,
    WithdrawForm,
)
from .base import ActForm
from .correct import CorrectForm, correctable
from .evidence import EvidenceForm
from .propose import ProposalForm

__all__ = [
    "ActForm",
    "AmendWordingForm",
    "AssessForm",
    "AttachEvidenceForm",
    "ClaimForm",
    "CorrectForm",
    "EvidenceForm",
    "MeetMilestoneForm",
    "MergeForm",
    "MoveDeadlineForm",
    "ProposalForm",
    "PublishForm",
    "ReviewForm",
    "WithdrawForm",
    "correctable",
]
