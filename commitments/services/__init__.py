"""Every write that matters: keyword-only, in one transaction, with who and when."""

from .api_keys import answer_once, key_of, make_key, revoke_keys
from .assess import assess, record_claim
from .captures import accept_change, upload_copy
from .checkpoints import write_checkpoint
from .correct import correct, redact
from .digests import (
    pause_digests,
    resume_digests,
    send_desk_digest,
    send_week_digest,
)
from .flags import flag_commitments
from .links import check_links, follow_links, look_again
from .proposal import checked
from .propose import propose, rehearsed, revise, withdraw_proposal
from .publish import amend_wording, merge, move_deadline, publish, withdraw
from .queue import claim, release, snooze, wake
from .record import KeyReused, StaleForm
from .recording import rehearsal
from .review import attach_evidence, meet_milestone, review
from .sign_off import approve, reject, send_back
from .snapshots import save_snapshots
from .suggestions import attach_suggestion, dismiss_suggestion
from .sweep import close_sweep, open_sweep
from .tip_answers import send_tip_answers
from .tips import (
    claim_tip,
    decide_tip,
    draft_answer,
    forget_senders,
    link_tip,
    receive_tip,
    release_tip,
)
from .watch import add_shipped_sources, suggest, watch_sources

__all__ = [
    "KeyReused",
    "StaleForm",
    "accept_change",
    "add_shipped_sources",
    "amend_wording",
    "answer_once",
    "approve",
    "assess",
    "attach_evidence",
    "attach_suggestion",
    "check_links",
    "checked",
    "claim",
    "claim_tip",
    "close_sweep",
    "correct",
    "decide_tip",
    "dismiss_suggestion",
    "draft_answer",
    "flag_commitments",
    "follow_links",
    "forget_senders",
    "key_of",
    "link_tip",
    "look_again",
    "make_key",
    "meet_milestone",
    "merge",
    "move_deadline",
    "open_sweep",
    "pause_digests",
    "propose",
    "publish",
    "receive_tip",
    "record_claim",
    "redact",
    "rehearsal",
    "rehearsed",
    "reject",
    "release",
    "release_tip",
    "resume_digests",
    "review",
    "revise",
    "revoke_keys",
    "save_snapshots",
    "send_back",
    "send_desk_digest",
    "send_tip_answers",
    "send_week_digest",
    "snooze",
    "suggest",
    "upload_copy",
    "wake",
    "watch_sources",
    "withdraw",
    "withdraw_proposal",
    "write_checkpoint",
]
