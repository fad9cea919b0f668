import os
import time
from typing import Any

from celery import Celery, signals
from django_structlog.celery.steps import DjangoStructLogInitStep

from config import metrics

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("tracker")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
# The number of a request goes with what it asked for.
app.steps["worker"].add(DjangoStructLogInitStep)


@signals.setup_logging.connect
def keep_our_logs(**kwargs: Any) -> None:
    """Log as the settings say, in workers and scheduler too."""


@signals.worker_init.connect
def tell_figures(**kwargs: Any) -> None:
    metrics.serve_counts()


@signals.task_prerun.connect
def note_start(task: Any, **kwargs: Any) -> None:
    task.request.began = time.perf_counter()


@signals.task_postrun.connect
def count_end(task: Any, state: str, **kwargs: Any) -> None:
    began = getattr(task.request, "began", time.perf_counter())
    if metrics.address():
        metrics.count_task(task.name, state.lower(), time.perf_counter() - began)
