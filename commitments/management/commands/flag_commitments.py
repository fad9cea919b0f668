from datetime import date

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from commitments import services


class Command(BaseCommand):
    help = "Open and close flags as they should be on a day (default: today)."

    def add_arguments(self, parser):
        parser.add_argument("--on", metavar="DATE", help="A day as 2027-03-24.")

    def handle(self, *args, **options):
        try:
            on = date.fromisoformat(options["on"] or timezone.localdate().isoformat())
        except ValueError as error:
            raise CommandError(
                f"--on {options['on']}: give a day that exists, as 2027-03-24."
            ) from error
        try:
            done = services.flag_commitments(on=on, at=timezone.now())
        except OverflowError as error:
            raise CommandError(
                f"--on {on}: flags go by days that lie before it, and the calendar has "
                "none. Give a later day."
            ) from error
        self.stdout.write(f"{done['opened']} opened, {done['closed']} closed")
