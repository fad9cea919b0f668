from .delivery import Attempt, Delivery
from .endpoint import Endpoint, EndpointNotice, EndpointSecret
from .event import Channel, Event
from .hold import Hold
from .leased import Leased, LeasedQuerySet
from .release import Release, ReleasedFact, ReleaseFile

__all__ = [
    "Attempt",
    "Channel",
    "Delivery",
    "Endpoint",
    "EndpointNotice",
    "EndpointSecret",
    "Event",
    "Hold",
    "Leased",
    "LeasedQuerySet",
    "Release",
    "ReleaseFile",
    "ReleasedFact",
]
