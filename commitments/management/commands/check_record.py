from django.core.management.base import BaseCommand

from commitments.check import check_record


class Command(BaseCommand):
    help = (
        "Check that stored values equal the fold of the history. Exit 1: they do not."
    )

    def handle(self, *args, **options):
        differences = list(check_record())
        for difference in differences:
            self.stdout.write(difference)
        self.stdout.write(f"{len(differences)} differences")
        if differences:
            raise SystemExit(1)
