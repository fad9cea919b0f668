"""The web server's settings, with the seconds and bytes of its patience divided."""

from config import arrivals
from config.gunicorn import *

arrivals.FIRST = arrivals.REST = arrivals.UNREAD = 1
arrivals.MOST_HELD = 100_000
