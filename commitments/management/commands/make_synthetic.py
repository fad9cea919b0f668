from datetime import date

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from commitments.synthetic import NotEmpty, make


class Command(BaseCommand):
    help = (
        "Fill an empty database with a made-up record, to measure or try the tracker "
        "with. Refuses a database that holds a record."
    )

    def add_arguments(self, parser):
        parser.add_argument("--commitments", type=int, default=10_000)
        parser.add_argument(
            "--seed", type=int, default=1, help="The same seed, the same record."
        )
        parser.add_argument(
            "--until",
            type=date.fromisoformat,
            help="Day of the last entries (YYYY-MM-DD); today unless told.",
        )

    def handle(self, *args, **options):
        try:
            make(
                commitments=options["commitments"],
                seed=options["seed"],
                until=options["until"] or timezone.now().date(),
                tell=self.stdout.write,
            )
        except (NotEmpty, ValueError) as error:
            raise CommandError(str(error)) from error
