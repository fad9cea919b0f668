"""Add the watched sources that ship with the product, switched off."""

from django.core.management.base import BaseCommand

from commitments import services


class Command(BaseCommand):
    help = "Add the shipped list of watched sources; what is there stays as it is."

    def handle(self, *args, **options) -> None:
        self.stdout.write(f"Watched sources: {services.add_shipped_sources()} added.")
