from .assignment import Assignment
from .audit import AuditEvent, AuditKind
from .body import Body
from .commitment import Commitment, Criterion, Milestone, Responsibility
from .data_version import DataVersion
from .evidence import Evidence
from .flag import Flag, FlagDigest
from .history import Citation, HistoryEntry, HistoryText
from .import_run import ImportRun
from .indicator import Indicator, Observation
from .partner import Partner
from .plan import Pillar, Plan
from .proposal import Proposal, ProposalStep
from .snooze import Snooze
from .source import Passage, Source
from .state import Standing, State
from .sweep import Sweep, SweepItem
from .topic import Topic

__all__ = [
    "Assignment",
    "AuditEvent",
    "AuditKind",
    "Body",
    "Citation",
    "Commitment",
    "Criterion",
    "DataVersion",
    "Evidence",
    "Flag",
    "FlagDigest",
    "HistoryEntry",
    "HistoryText",
    "ImportRun",
    "Indicator",
    "Milestone",
    "Observation",
    "Partner",
    "Passage",
    "Pillar",
    "Plan",
    "Proposal",
    "ProposalStep",
    "Responsibility",
    "Snooze",
    "Source",
    "Standing",
    "State",
    "Sweep",
    "SweepItem",
    "Topic",
]
