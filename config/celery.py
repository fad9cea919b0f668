import os
import time
from collections.abc import Callable
from typing import Any

from celery import Celery, Task, signals
from celery.exceptions import InvalidTaskError
from celery.worker import strategy
from django_structlog.celery.steps import DjangoStructLogInitStep

from config import metrics, watch

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")


def take_calls(*given: Any, **named: Any) -> Callable:
    """Have a worker drop what is addressed to a task and is no call of it.

    Celery lets such a message end the worker, and keeps it for the next one.
    """
    take = strategy.default(*given, **named)

    def take_call(message: Any, *rest: Any) -> Any:
        match message.payload, message.headers:
            case (
                [list(), dict(), dict()],
                {"id": str(), "timelimit": [_, _] | None},
            ):
                return take(message, *rest)
        raise InvalidTaskError("This message is no call of a task.")

    return take_call


class TrackerTask(Task):
    Strategy = "config.celery:take_calls"


app = Celery("tracker", task_cls=TrackerTask)
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


@signals.worker_ready.connect
def watch_ourselves(**kwargs: Any) -> None:
    watch.start(lambda: app.amqp.queues.consume_from)


@signals.task_prerun.connect
def note_start(task: Any, **kwargs: Any) -> None:
    task.request.began = time.perf_counter()


@signals.task_postrun.connect
def count_end(task: Any, state: str, **kwargs: Any) -> None:
    began = getattr(task.request, "began", time.perf_counter())
    if metrics.address():
        metrics.count_task(task.name, state.lower(), time.perf_counter() - began)
