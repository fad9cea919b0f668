"""Make the first accounts of the desk."""

import secrets

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core.management.base import BaseCommand
from django.db import transaction

from commitments import accounts


class Command(BaseCommand):
    help = (
        "Creates the accounts analyst, reviewer and administrator where they are "
        "missing, with random passwords that are printed once."
    )

    @transaction.atomic
    def handle(self, *args, **options) -> None:
        accounts.ensure_groups()
        made = [name for name in accounts.GROUPS if not self._exists(name)]
        if not made:
            self.stdout.write("All accounts exist already. Nothing was changed.")
            return
        self.stdout.write("New accounts. Their passwords are shown only this once:")
        for name in made:
            self.stdout.write(f"  {name:<14} {self._create(name)}")
        self.stdout.write("Sign in at /admin/; change the passwords there.")
        if settings.REQUIRE_MFA:
            self.stdout.write("Each first sets up a second factor: docs/accounts.md.")

    def _exists(self, name: str) -> bool:
        return get_user_model().objects.filter(username=name).exists()

    def _create(self, name: str) -> str:
        password = secrets.token_urlsafe(15)
        user = get_user_model().objects.create_user(
            username=name,
            # The digest of new flags goes here until a real address is given.
            email=f"{name}@localhost",
            password=password,
            is_staff=True,
            is_superuser=name == accounts.ADMINISTRATOR,
        )
        user.groups.add(Group.objects.get(name=name))
        return password
