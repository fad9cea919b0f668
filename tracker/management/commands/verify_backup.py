import os
import subprocess
import sys
import tempfile
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError
from django.utils import timezone

from tracker import backups
from tracker.backups import proving


class Command(BaseCommand):
    help = (
        "Hash a backup anew, restore it into a scratch folder and check all of it "
        "there. Exit 0: it can be relied on, which is noted in this installation for "
        "its monitor."
    )

    def add_arguments(self, parser):
        parser.add_argument("file", type=Path)

    def handle(self, *args, **options):
        path = options["file"].absolute()
        try:
            with backups.opened(path) as (_, manifest):
                pass
        except (OSError, backups.Damaged) as error:
            raise CommandError(f"It is not good. {error}") from error
        with tempfile.TemporaryDirectory(prefix="verify-backup-") as scratch:
            done = subprocess.run(  # noqa: S603
                [sys.executable, str(settings.BASE_DIR / "manage.py"), "restore", path],
                env={
                    **os.environ,
                    "DATABASE_URL": f"sqlite:///{scratch}/restored.sqlite3",
                    "TRACKER_DATA_DIR": scratch,
                    "TRACKER_CHECKPOINT_FILE": f"{scratch}/checkpoints.jsonl",
                    "TRACKER_S3_BUCKET": "",
                },
                capture_output=True,
                text=True,
                check=False,
            )
        self.stdout.write(done.stdout.strip())
        if done.returncode:
            raise CommandError(
                f"It did not prove good; the scratch folder was in "
                f"{tempfile.gettempdir()}, which TMPDIR sets. {done.stderr.strip()}"
            )
        self.stdout.write(f"{path} can be relied on.")
        self._note(manifest)

    def _note(self, manifest):
        """Tell the monitor; where there is no tracker to tell, the backup is as good."""
        try:
            is_ours = proving.note(manifest, at=timezone.now())
        except DatabaseError as error:
            self.stderr.write(f"That could not be noted for the monitor: {error}")
            return
        if not is_ours:
            self.stdout.write("It is of another record than the one here: not noted.")
