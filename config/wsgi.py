import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from config import metrics

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

django = get_wsgi_application()

# Its modules need the apps to be ready.
from tracker.answer_cache import AnswerCache

application: metrics.Application = AnswerCache(
    django, most=settings.CACHE_MB * 1_000_000
)
if settings.METRICS:
    application = metrics.counted(application)
