from django.core.management.base import BaseCommand
from django.utils import timezone

from tracker import outbox


class Command(BaseCommand):
    help = "Let no mail and no webhook leave until release_outbox."

    def add_arguments(self, parser):
        parser.add_argument("--reason", default=outbox.RESTORED)

    def handle(self, *args, **options):
        held = outbox.hold(at=timezone.now(), reason=options["reason"])
        self.stdout.write(f"Held since {held.held_at:%Y-%m-%d %H:%M} UTC.")
