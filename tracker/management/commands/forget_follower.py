from django.core.management.base import BaseCommand, CommandError

from tracker.following import follows
from tracker.models import Follower


class Command(BaseCommand):
    help = "Delete an e-mail address and all it follows, on its owner's request."

    def add_arguments(self, parser):
        parser.add_argument("address")

    def handle(self, *args, address, **options):
        follower = Follower.objects.at_address(address.strip()).first()
        if follower is None:
            raise CommandError("No follower has this address.")
        follows.forget(follower=follower)
        self.stdout.write("Deleted, with all that was known of it.")
