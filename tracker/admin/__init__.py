from . import following, outbox, releases, webhooks

__all__ = ["following", "outbox", "releases", "webhooks"]
