from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import Exists, OuterRef, Q

from .endpoint import Endpoint
from .event import Event


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def waiting(self) -> DeliveryQuerySet:
        return self.filter(state=Delivery.State.WAITING)

    def due(self, *, at: datetime) -> DeliveryQuerySet:
        """What is to be sent now: of each commitment only the earliest event.

        A later event waits until the one before it has arrived, or is given up.
        """
        before = Delivery.objects.waiting().filter(
            endpoint=OuterRef("endpoint"),
            commitment=OuterRef("commitment"),
            event__lt=OuterRef("event"),
        )
        return self.waiting().filter(~Exists(before), next_try__lte=at)


class Delivery(models.Model):
    """One message to one endpoint: an event, or a test without one.

    ``message_id`` stays the same however often it is sent.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Waits to be sent"
        DELIVERED = "delivered", "Delivered"
        DEAD = "dead", "Given up"

    endpoint = models.ForeignKey(
        Endpoint, on_delete=models.CASCADE, related_name="deliveries"
    )
    event = models.ForeignKey(
        Event, on_delete=models.PROTECT, null=True, related_name="deliveries"
    )
    commitment = models.ForeignKey(
        "commitments.Commitment", on_delete=models.PROTECT, null=True, related_name="+"
    )
    message_id = models.CharField(max_length=64)
    made_at = models.DateTimeField()
    state = models.CharField(max_length=9, choices=State, default=State.WAITING)
    tries = models.PositiveSmallIntegerField(default=0)
    next_try = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    last_status = models.PositiveSmallIntegerField(null=True)
    last_error = models.CharField(max_length=300, blank=True)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        verbose_name_plural = "deliveries"
        constraints = [
            models.UniqueConstraint(
                fields=["endpoint", "event"], name="delivery_once_per_endpoint"
            ),
            models.UniqueConstraint(
                fields=["endpoint", "message_id"], name="delivery_has_its_own_id"
            ),
            models.CheckConstraint(
                name="delivery_done_says_when",
                condition=Q(state="waiting", done_at=None)
                | (~Q(state="waiting") & Q(done_at__isnull=False)),
            ),
        ]
        indexes = [
            # Asks "what is due there", and "what goes before it".
            models.Index(
                fields=["endpoint", "commitment", "event"],
                condition=Q(state="waiting"),
                name="delivery_waiting",
            ),
            models.Index(
                fields=["done_at"],
                condition=Q(done_at__isnull=False),
                name="delivery_done",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.message_id} to {self.endpoint_id}"


class Attempt(models.Model):
    """One try of a delivery: what was sent and what came back, both bounded.

    The body that was sent is the event's. What came back is for the desk alone: an
    endpoint must not become a way to read other machines.
    """

    delivery = models.ForeignKey(
        Delivery, on_delete=models.CASCADE, related_name="attempts"
    )
    number = models.PositiveIntegerField()
    at = models.DateTimeField()
    milliseconds = models.PositiveIntegerField()
    request_headers = models.JSONField(default=dict)
    request_sha256 = models.CharField(max_length=64)
    request_bytes = models.PositiveIntegerField()
    status = models.PositiveSmallIntegerField(null=True)
    error = models.CharField(max_length=300, blank=True)
    response_headers = models.JSONField(default=dict)
    response_body = models.TextField(blank=True)

    class Meta:
        ordering = ["-pk"]
        indexes = [models.Index(fields=["delivery", "-at"], name="attempt_of_delivery")]

    def __str__(self) -> str:
        return f"{self.delivery_id}, try {self.number}"
