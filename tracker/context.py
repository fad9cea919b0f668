"""What every page knows."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from commitments.models import Source


def site(request: HttpRequest) -> dict[str, Any]:
    """Return the site's name and address, and its sources (read when first used)."""
    return {
        "SITE_NAME": settings.SITE_NAME,
        "SITE_URL": settings.SITE_URL,
        "METHOD_VERSION": settings.METHOD_VERSION,
        "sources": Source.objects.only("slug", "title"),
    }
