"""The stock command, which first puts back what would stop it."""

from django.core.management.commands import migrate
from django.db import connections

from commitments import guards


class Command(migrate.Command):
    help = f"{migrate.Command.help} Puts every guard of the history in force."

    def execute(self, *args, **options):
        # The check of the guards stops a migrate; its mend is a migrate.
        if not (options["check_unapplied"] or options["plan"]):
            guards.install(connections[options["database"]])
        return super().execute(*args, **options)
