from pathlib import Path

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError
from django.utils import timezone

from tracker import backups


class Command(BaseCommand):
    help = (
        "Restore a backup into an empty installation and check all of it. Nothing is "
        "sent afterwards until `manage.py release_outbox`."
    )

    def add_arguments(self, parser):
        parser.add_argument("file", type=Path)

    def handle(self, *args, **options):
        try:
            manifest = backups.restore(options["file"], at=timezone.now())
        except (
            OSError,
            DatabaseError,
            backups.Damaged,
            backups.NotEmpty,
        ) as error:
            raise CommandError(f"Nothing was restored. {error}") from error
        self.stdout.write(
            f"Restored the backup of {manifest['made_at']}: history to entry "
            f"{manifest['head']['seq']}. Now checking it."
        )
        # Each ends this command with its own exit code where it finds anything.
        for check in (
            "verify_history",
            "check_record",
            "verify_captures",
            "verify_releases",
        ):
            call_command(check, stdout=self.stdout)
        self.stdout.write(
            "All fits. The outbox is held: see docs/operations.md before you run "
            "`manage.py release_outbox`."
        )
