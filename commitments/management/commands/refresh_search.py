from django.core.management.base import BaseCommand
from django.db import transaction

from commitments import chain, search
from commitments.models import DataVersion


class Command(BaseCommand):
    help = "Write the search index anew where it differs from the record."

    def handle(self, *args, **options):
        with transaction.atomic():
            chain.lock()
            stale = list(search.stale())
            search.refresh(stale)
            if stale:
                DataVersion.bump()
        self.stdout.write(f"{len(stale)} commitments indexed anew")
