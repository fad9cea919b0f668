"""The admin under the tracker's own name."""

from django.conf import settings
from django.contrib.admin import AdminSite
from django.contrib.admin.apps import AdminConfig
from django.utils import timezone


class TrackerAdminSite(AdminSite):
    site_header = settings.SITE_NAME
    site_title = settings.SITE_NAME
    index_title = "The desk"

    def index(self, request, extra_context=None):
        """Show what waits for the person who signs in, above the lists."""
        # The models are not loaded yet where the site is made.
        from commitments import accounts, desk

        at = timezone.now()
        on = at.date()
        shown = {
            "works": accounts.may(request.user, accounts.RECORD),
            "mine": desk.mine(request.user),
            "flags": desk.flags_by_age(on=on),
            "ages": [label for label, *_ in desk.AGES.values()],
            "figures": [*desk.coming_up(on=on), desk.gaps(), desk.changed(at=at)],
            "evidence": desk.to_decide(),
            "tips": desk.tips(request.user, at=at),
            "digests": desk.digests(request.user),
            "reviewed": desk.reviewed_in_time(on=on),
        }
        return super().index(request, {**shown, **(extra_context or {})})

    def login(self, request, extra_context=None):
        """Ask for the password, then for the second factor."""
        from commitments.admin import second_factor

        return second_factor.sign_in(self, request)

    def get_urls(self):
        from commitments.admin import second_factor

        return [*second_factor.urls(self), *super().get_urls()]

    def each_context(self, request):
        from commitments.admin import second_factor

        wanted = second_factor.is_wanting(request)
        return {**super().each_context(request), "second_factor_wanted": wanted}


class TrackerAdminConfig(AdminConfig):
    default_site = "commitments.site.TrackerAdminSite"
