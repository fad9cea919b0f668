"""A backup: one file with all rows, kept files and checkpoints, that proves itself.

It holds rows and not a database's own format, so what was made on SQLite restores into
PostgreSQL and the other way round. Keys are not in it: SECRET_KEY and the keys of
checkpoints and webhooks are kept apart, by whoever runs the tracker.
"""

from .container import Damaged, opened
from .making import make
from .restoring import NotEmpty, restore

__all__ = ["Damaged", "NotEmpty", "make", "opened", "restore"]
