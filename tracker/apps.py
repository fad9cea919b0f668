from django.apps import AppConfig
from django.db import connections
from django.db.models.signals import post_migrate
from django.utils import timezone


class TrackerConfig(AppConfig):
    name = "tracker"
    verbose_name = "What the world is told"

    def ready(self) -> None:
        # The contract learns by this import how a key is sent.
        from commitments import guards
        from tracker import outbox
        from tracker.api import cards, contract  # noqa: F401
        from tracker.models import Release, ReleasedFact, ReleaseFile

        guards.also(Release, ReleaseFile, ReleasedFact)
        outbox.connect()
        cards.connect()
        post_migrate.connect(grant_permissions, sender=self)
        post_migrate.connect(fill_cards, sender=self)


def fill_cards(using: str, **kwargs) -> None:
    """Write the cards that an upgrade or a restore left to be written."""
    from tracker.api import cards
    from tracker.models import Card

    if Card._meta.db_table in connections[using].introspection.table_names():
        cards.fill(on=timezone.localdate())


def grant_permissions(using: str, **kwargs) -> None:
    """Give the groups of the desk what they may do with this app's tables."""
    from commitments import accounts

    if "auth_group" in connections[using].introspection.table_names():
        accounts.ensure_groups()
