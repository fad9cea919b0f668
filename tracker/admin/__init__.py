from . import outbox, webhooks

__all__ = ["outbox", "webhooks"]
