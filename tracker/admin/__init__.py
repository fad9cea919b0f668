from . import following, outbox, webhooks

__all__ = ["following", "outbox", "webhooks"]
