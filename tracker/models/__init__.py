from .backup import ProvedBackup
from .card import Card
from .delivery import Attempt, Delivery
from .endpoint import Endpoint, EndpointNotice, EndpointSecret
from .event import Channel, Event
from .follower import Follow, Follower, Knock, Wish
from .hold import Hold
from .leased import Leased, LeasedQuerySet
from .mail import Issue, Letter, Mail, Telling
from .release import Release, ReleasedFact, ReleaseFile, ReleaseOrder

__all__ = [
    "Attempt",
    "Card",
    "Channel",
    "Delivery",
    "Endpoint",
    "EndpointNotice",
    "EndpointSecret",
    "Event",
    "Follow",
    "Follower",
    "Hold",
    "Issue",
    "Knock",
    "Leased",
    "LeasedQuerySet",
    "Letter",
    "Mail",
    "ProvedBackup",
    "Release",
    "ReleaseFile",
    "ReleaseOrder",
    "ReleasedFact",
    "Telling",
    "Wish",
]
