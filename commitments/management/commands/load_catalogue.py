from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from commitments.catalogue.load import load
from commitments.catalogue.read import CatalogueError, read

SHIPPED = Path(__file__).resolve().parents[2] / "catalogue" / "data"


class Command(BaseCommand):
    help = "Load a catalogue: adds what is missing, overwrites nothing."

    def add_arguments(self, parser):
        parser.add_argument("path", nargs="?", type=Path, default=SHIPPED)
        parser.add_argument(
            "--dry-run", action="store_true", help="Report, and keep nothing."
        )

    def handle(self, *args, **options):
        if not options["path"].is_dir():
            raise CommandError(f"There is no folder {options['path']}.")
        try:
            catalogue = read(options["path"])
            report = load(catalogue, at=timezone.now(), dry_run=options["dry_run"])
        except CatalogueError as error:
            for problem in error.problems:
                self.stderr.write(str(problem))
            raise CommandError(
                f"Nothing was loaded: {len(error.problems)} to mend in the catalogue."
            ) from error
        added = ", ".join(f"{count} {kind}" for kind, count in report.added.items())
        would = "would add" if options["dry_run"] else "added"
        self.stdout.write(f"Catalogue: {would} {added or 'nothing'}.")
        if report.differences:
            count = len(report.differences)
            self.stdout.write(f"Left as the record has it ({count} differences):")
            for difference in report.differences:
                self.stdout.write(f"  {difference}")
