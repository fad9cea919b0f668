"""Every write that matters: keyword-only, in one transaction, with who and when."""

from .assess import assess, record_claim
from .checkpoints import write_checkpoint
from .correct import correct, redact
from .flags import flag_commitments, send_flag_digest
from .publish import amend_wording, merge, move_deadline, publish, withdraw
from .record import KeyReused, StaleForm
from .review import attach_evidence, meet_milestone, review

__all__ = [
    "KeyReused",
    "StaleForm",
    "amend_wording",
    "assess",
    "attach_evidence",
    "correct",
    "flag_commitments",
    "meet_milestone",
    "merge",
    "move_deadline",
    "publish",
    "record_claim",
    "redact",
    "review",
    "send_flag_digest",
    "withdraw",
    "write_checkpoint",
]
