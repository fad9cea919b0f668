from .event import Channel, Event
from .hold import Hold
from .leased import Leased, LeasedQuerySet

__all__ = ["Channel", "Event", "Hold", "Leased", "LeasedQuerySet"]
