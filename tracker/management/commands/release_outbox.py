from django.core.management.base import BaseCommand
from django.utils import timezone

from tracker import outbox


class Command(BaseCommand):
    help = "Let messages leave again after a restore from backup."

    def add_arguments(self, parser):
        parser.add_argument(
            "--discard",
            action="store_true",
            help="Do not send what waits: it was sent before the backup was restored.",
        )

    def handle(self, *args, **options):
        count = outbox.release(at=timezone.now(), discard=options["discard"])
        waited = "let go" if options["discard"] else "sent"
        self.stdout.write(
            f"Released; what waited is {waited}." if count else "Nothing was held."
        )
