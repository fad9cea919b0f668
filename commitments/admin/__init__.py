"""The desk. Facts are edited here; history moves only on pages of its own."""

from . import commitment, reference, watch

__all__ = ["commitment", "reference", "watch"]
