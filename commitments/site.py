"""The admin under the tracker's own name."""

from django.conf import settings
from django.contrib.admin import AdminSite
from django.contrib.admin.apps import AdminConfig


class TrackerAdminSite(AdminSite):
    site_header = settings.SITE_NAME
    site_title = settings.SITE_NAME
    index_title = "The record and its desk"


class TrackerAdminConfig(AdminConfig):
    default_site = "commitments.site.TrackerAdminSite"
