from .api_key import ApiAnswer, ApiKey
from .assignment import Assignment
from .audit import AuditEvent, AuditKind
from .body import Body
from .capture import Capture, Snapshot
from .commitment import Commitment, Criterion, Milestone, Responsibility
from .data_version import DataVersion
from .digest import DeskDigest, DigestPause
from .evidence import Evidence
from .flag import Flag, FlagScan
from .history import Citation, HistoryEntry, HistoryText
from .import_run import ImportRun
from .indicator import Indicator, Observation
from .link import Host, Link, LinkCheck
from .partner import Partner
from .plan import Pillar, Plan
from .proposal import Proposal, ProposalStep
from .schedule import QueueBeat, ScheduledJob, SchedulerLease
from .snooze import Snooze
from .source import Passage, Source
from .state import Standing, State
from .suggestion import Suggestion, SuggestionMatch
from .sweep import Sweep, SweepItem
from .tip import Tip, TipStep
from .topic import Topic
from .watched_source import Sighting, WatchedSource

__all__ = [
    "ApiAnswer",
    "ApiKey",
    "Assignment",
    "AuditEvent",
    "AuditKind",
    "Body",
    "Capture",
    "Citation",
    "Commitment",
    "Criterion",
    "DataVersion",
    "DeskDigest",
    "DigestPause",
    "Evidence",
    "Flag",
    "FlagScan",
    "HistoryEntry",
    "HistoryText",
    "Host",
    "ImportRun",
    "Indicator",
    "Link",
    "LinkCheck",
    "Milestone",
    "Observation",
    "Partner",
    "Passage",
    "Pillar",
    "Plan",
    "Proposal",
    "ProposalStep",
    "QueueBeat",
    "Responsibility",
    "ScheduledJob",
    "SchedulerLease",
    "Sighting",
    "Snapshot",
    "Snooze",
    "Source",
    "Standing",
    "State",
    "Suggestion",
    "SuggestionMatch",
    "Sweep",
    "SweepItem",
    "Tip",
    "TipStep",
    "Topic",
    "WatchedSource",
]
