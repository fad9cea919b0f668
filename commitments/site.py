"""The admin of the tracker, under the site's own name."""

from django.conf import settings
from django.contrib.admin import AdminSite
from django.contrib.admin.apps import AdminConfig


class TrackerAdminSite(AdminSite):
    site_header = f"{settings.SITE_NAME} administration"
    site_title = settings.SITE_NAME
    index_title = "The record"


class TrackerAdminConfig(AdminConfig):
    default_site = "commitments.site.TrackerAdminSite"
