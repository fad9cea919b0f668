import json
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from commitments import guards
from commitments.check import verify_history
from commitments.models import HistoryEntry

FINDINGS, GUARDS_MISSING = 2, 3


class Command(BaseCommand):
    help = (
        "Check guards, chain, checkpoints and stored values of the history. "
        "Exit 0: good; 2: findings; 3: guards missing."
    )

    def add_arguments(self, parser):
        parser.add_argument(
            "--against",
            type=Path,
            metavar="CHECKPOINTS",
            help="A saved checkpoint file, beside the tracker's own.",
        )
        parser.add_argument("--json", action="store_true", help="Answer as JSON.")

    def handle(self, *args, **options):
        files = [Path(settings.CHECKPOINT_FILE)]
        if options["against"]:
            against: Path = options["against"]
            if not against.exists() or against.is_dir():
                raise CommandError(f"There is no file {against}.")
            # A copy that failed would agree with everything.
            if against.is_file() and not against.stat().st_size:
                raise CommandError(f"{against} is empty: it holds no checkpoint.")
            files.append(against)
        missing = guards.missing(connection)
        try:
            findings = list(verify_history(files))
        except ValueError as error:
            raise CommandError(str(error)) from error
        entries = HistoryEntry.objects.count()
        if options["json"]:
            report = {
                "entries": entries,
                "guards_missing": missing,
                "findings": [{"seq": f.seq, "what": f.what} for f in findings],
            }
            self.stdout.write(json.dumps(report, indent=1))
        else:
            for name in missing:
                self.stdout.write(f"guard missing: {name}")
            for finding in findings:
                self.stdout.write(str(finding))
            self.stdout.write(f"{entries} entries, {len(findings)} findings")
        if missing:
            raise SystemExit(GUARDS_MISSING)
        if findings:
            raise SystemExit(FINDINGS)
