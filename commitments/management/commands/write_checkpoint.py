from django.core.management.base import BaseCommand
from django.utils import timezone

from commitments import services


class Command(BaseCommand):
    help = "Sign the head of the history into the checkpoint file."

    def handle(self, *args, **options):
        checkpoint = services.write_checkpoint(at=timezone.now())
        said = f"entry {checkpoint['seq']}" if checkpoint else "nothing new"
        self.stdout.write(f"Checkpoint: {said}")
