"""What the record tells of itself, to whoever listens."""

from django.dispatch import Signal

# Sent once at the end of a recording, inside its transaction: what a receiver writes
# is rolled back with it, and a receiver that fails takes the recording with it.
# ``entries``: what was appended that readers may see, as an unevaluated queryset.
recorded = Signal()
# Sent inside a transaction that changed what readers see of commitments: ``pks`` are
# their keys, at least one.
shown = Signal()
