from django.apps import AppConfig
from django.core import checks
from django.db import connections
from django.db.models.signals import m2m_changed, post_migrate


class CommitmentsConfig(AppConfig):
    name = "commitments"
    verbose_name = "The record"

    def ready(self) -> None:
        from django.contrib.auth import get_user_model

        from commitments import accounts, audit

        audit.connect()
        m2m_changed.connect(
            accounts.forget_groups, sender=get_user_model().groups.through
        )
        post_migrate.connect(prepare_database, sender=self)
        checks.register(check_guards, checks.Tags.database)


def prepare_database(using: str, **kwargs) -> None:
    """Put guards, groups and the search index in place after every migrate."""
    from commitments import accounts, guards, search
    from commitments.models import HistoryEntry

    connection = connections[using]
    if HistoryEntry._meta.db_table in connection.introspection.table_names():
        guards.install(connection)
        accounts.ensure_groups()
        search.fill()


def check_guards(databases=None, **kwargs) -> list[checks.CheckMessage]:
    """Report guards of the history that are not in force."""
    from commitments import guards
    from commitments.models import HistoryEntry

    found: list[checks.CheckMessage] = []
    for alias in databases or []:
        connection = connections[alias]
        tables = connection.introspection.table_names()
        if HistoryEntry._meta.db_table not in tables:
            continue
        found += [
            # Not an error: that would keep `migrate` itself from mending it.
            checks.Warning(
                f"The guard {name} of the history is not in force.",
                hint="Run `manage.py migrate`: it puts every guard in place.",
                id="commitments.W001",
            )
            for name in guards.missing(connection)
        ]
    return found
