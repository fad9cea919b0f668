from django.apps import AppConfig
from django.conf import settings
from django.core import checks
from django.db import connections
from django.db.models.signals import m2m_changed, post_migrate, pre_migrate


class CommitmentsConfig(AppConfig):
    name = "commitments"
    verbose_name = "The record"

    def ready(self) -> None:
        from django.contrib.auth import get_user_model

        from commitments import accounts, audit, chosen_rows

        chosen_rows.mend()
        audit.connect()
        m2m_changed.connect(
            accounts.forget_groups, sender=get_user_model().groups.through
        )
        pre_migrate.connect(check_owner, sender=self)
        post_migrate.connect(prepare_database, sender=self)
        checks.register(check_guards, checks.Tags.database)
        checks.register(check_account, checks.Tags.database, deploy=True)


def check_owner(using: str, **kwargs) -> None:
    """Stop who may not migrate before anything is begun. Raises CommandError."""
    from commitments import rights

    rights.check_owner(connections[using])


def prepare_database(using: str, **kwargs) -> None:
    """Put guards, rights, groups and the search index in place after every migrate."""
    from commitments import accounts, guards, rights, search
    from commitments.models import HistoryEntry

    connection = connections[using]
    if HistoryEntry._meta.db_table in connection.introspection.table_names():
        guards.install(connection)
        if settings.SERVING_ACCOUNT and connection.vendor == "postgresql":
            rights.grant(connection, rights.Account(*settings.SERVING_ACCOUNT))
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


def check_account(databases=None, **kwargs) -> list[checks.CheckMessage]:
    """Report an account that serves and could take the guards off."""
    from commitments import rights

    return [
        checks.Warning(
            "The tracker comes to the database with an account that owns the history.",
            hint="Serve with one that does not: see “Two accounts” in docs/operations.md.",
            id="commitments.W002",
        )
        for alias in databases or []
        if connections[alias].vendor == "postgresql"
        and rights.may_alter_history(connections[alias])
    ]
