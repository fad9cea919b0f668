"""Measure how well documents are matched, on the evidence that is attached."""

from django.core.management.base import BaseCommand

from commitments import matching


class Command(BaseCommand):
    help = (
        "Ask for the commitments of every piece of evidence by its own words, and "
        "report the recall: the share of its commitments found among the first n."
    )

    def handle(self, *args, **options) -> None:
        found, documents = matching.recall()
        for n, share in found.items():
            self.stdout.write(f"recall at {n}: {share:.3f}")
        self.stdout.write(f"{documents} documents")
