import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from config import metrics

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

application = get_wsgi_application()
if settings.METRICS:
    application = metrics.counted(application)
