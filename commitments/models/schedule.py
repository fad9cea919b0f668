"""What the scheduler has done, and who is the scheduler: kept where all can see it."""

from django.db import models
from django.db.models import Q


class ScheduledJob(models.Model):
    """One entry of the beat schedule, and when it was last handed to the broker."""

    name = models.CharField(max_length=100, primary_key=True)
    last_run_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="scheduled_job_has_a_name", condition=~Q(name="")
            )
        ]

    def __str__(self) -> str:
        return self.name


class SchedulerLease(models.Model):
    """The one scheduler that acts: whoever holds this row, until it lets it lapse."""

    holder = models.CharField(max_length=100)
    beat_at = models.DateTimeField()
    held_until = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(name="scheduler_lease_is_one_row", condition=Q(pk=1))
        ]

    def __str__(self) -> str:
        return f"{self.holder} until {self.held_until}"


class QueueBeat(models.Model):
    """When a worker of a queue last took what the scheduler put into it."""

    queue = models.CharField(max_length=50, primary_key=True)
    heard_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.queue} at {self.heard_at}"
