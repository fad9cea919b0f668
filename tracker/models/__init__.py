from .delivery import Attempt, Delivery
from .endpoint import Endpoint, EndpointNotice, EndpointSecret
from .event import Channel, Event
from .hold import Hold
from .leased import Leased, LeasedQuerySet

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
]
