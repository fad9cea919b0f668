from django.conf.urls.i18n import i18n_patterns
from django.contrib import admin
from django.urls import include, path

from config import health

handler400 = "config.failures.refused"
handler500 = "config.failures.failed"
urlpatterns = [
    path("healthz/live", health.live, name="live"),
    path("healthz/ready", health.ready, name="ready"),
    path("admin/", admin.site.urls),
    path("api/v1/", include("tracker.api.urls")),
    path("", include("tracker.file_urls")),
    *i18n_patterns(path("", include("tracker.urls")), prefix_default_language=False),
]
