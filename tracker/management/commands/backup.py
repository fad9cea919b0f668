from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError
from django.utils import timezone

from tracker import backups


class Command(BaseCommand):
    help = (
        "Write database, kept copies, releases and checkpoints into one file, while "
        "people go on writing. Keys are not in it; see docs/operations.md."
    )

    def add_arguments(self, parser):
        parser.add_argument("file", type=Path, help="The file to write; a new one.")

    def handle(self, *args, **options):
        path: Path = options["file"]
        try:
            manifest = backups.make(path, at=timezone.now())
            with backups.opened(path):
                pass
        except (OSError, DatabaseError, backups.Damaged) as error:
            raise CommandError(f"No backup was written. {error}") from error
        rows, files = sum(manifest["rows"].values()), sum(manifest["files"].values())
        self.stdout.write(
            f"{path}: {rows} rows, {files} files, history to entry "
            f"{manifest['head']['seq']}, {path.stat().st_size} bytes. "
            f"`manage.py verify_backup {path}` restores it on trial."
        )
