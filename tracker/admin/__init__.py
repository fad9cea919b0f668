from . import outbox  # noqa: F401
