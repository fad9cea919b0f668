"""The desk. Facts are edited here; history moves only on pages of its own."""

from . import commitment, reference, sign_off, watch

__all__ = ["commitment", "reference", "sign_off", "watch"]
