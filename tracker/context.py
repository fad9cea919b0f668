"""What every page knows."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from commitments.models import Source
from tracker import languages


def site(request: HttpRequest) -> dict[str, Any]:
    """Return the site's name and address, and its sources (read when first used)."""
    return {
        "SITE_NAME": settings.SITE_NAME,
        "SITE_URL": settings.SITE_URL,
        "METHOD_VERSION": settings.METHOD_VERSION,
        "sources": Source.objects.only("slug", "title", "title_zh"),
        **_languages(request),
    }


def _languages(request: HttpRequest) -> dict[str, Any]:
    """Return where this page stands in each language, and in the other one."""
    path = request.path
    if path.startswith(languages.WITHOUT):
        return {"alternates": [], "other_language": None}
    now = languages.of_path(path)
    other = next(one for one in languages.LANGUAGES if one is not now)
    return {
        "alternates": [
            (one.tag, settings.SITE_URL + languages.path_in(one, path))
            for one in languages.LANGUAGES
        ],
        "other_language": {
            "tag": other.tag,
            "name": other.name,
            "address": languages.path_in(other, request.get_full_path()),
        },
    }
