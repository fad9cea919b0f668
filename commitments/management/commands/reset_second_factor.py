"""Take an account's second factor away, where no administrator can sign in."""

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from commitments.audit import SERVER
from commitments.services import second_factor


class Command(BaseCommand):
    help = "Resets the second factor of one account; the audit list tells of it."

    def add_arguments(self, parser) -> None:
        parser.add_argument("name", help="the account's user name")

    def handle(self, *args, **options) -> None:
        name = options["name"]
        account = get_user_model().objects.filter(username=name).first()
        if account is None:
            raise CommandError(f"There is no account {name}. Check the spelling.")
        if not second_factor.remove(
            account=account, by=SERVER, at=timezone.now(), address=None
        ):
            raise CommandError(f"{name} has no second factor; nothing was changed.")
        self.stdout.write(f"The second factor of {name} has been reset.")
