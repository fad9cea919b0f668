"""A real Celery worker for mail that notices at once when its pool process was killed.

Celery looks every five seconds; a run of many kills would wait for that alone.
"""

import os

import django
from celery.concurrency.asynpool import AsynPool

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from config.celery import app

AsynPool.timers = property(lambda pool: {pool.maintain_pool: 0.5})
app.conf.worker_lost_wait = 0.5
app.worker_main(
    ["worker", "-Q", "mail", "-c", "1", "-l", "INFO", "-n", "faults@%h"],
)
