from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

# How long after the last follow has ended an address is kept.
KEPT = timedelta(days=30)
# How long a question for confirmation stands.
ANSWERED_WITHIN = timedelta(days=3)


class Language(models.TextChoices):
    """In which language a follower is written to."""

    ENGLISH = "en-gb", "English"
    CHINESE = "zh-hans", "简体中文"


def new_key() -> str:
    """Return 128 random bits as text."""
    return secrets.token_urlsafe(16)


class FollowerQuerySet(models.QuerySet["Follower"]):
    def at_address(self, address: str) -> FollowerQuerySet:
        return self.annotate(lower=Lower("address")).filter(lower=address.lower())

    def unanswered(self, *, at: datetime) -> FollowerQuerySet:
        """Who never confirmed anything in time, and has nothing to confirm left."""
        waiting = Follow.objects.filter(state=Follow.State.WAITING)
        return self.filter(confirmed_at=None, made_at__lt=at - ANSWERED_WITHIN).exclude(
            pk__in=waiting.values("follower")
        )

    def gone(self, *, at: datetime) -> FollowerQuerySet:
        """Whose last follow ended so long ago that the address is not kept."""
        left = Follow.objects.exclude(state=Follow.State.ENDED)
        ended = self.filter(ended_at__lt=at - KEPT)
        return ended.exclude(pk__in=left.values("follower"))


class Follower(models.Model):
    """An address that is written to. There is no account: mails hold signed links.

    ``key`` is what those links name; it goes with the row, and with it they do.
    """

    address = models.EmailField(max_length=254)
    language = models.CharField(
        max_length=8, choices=Language, default=Language.ENGLISH
    )
    key = models.CharField(max_length=22, unique=True, default=new_key)
    made_at = models.DateTimeField()
    # The mail that asks for confirmation and was not answered yet.
    asked_at = models.DateTimeField(null=True)
    confirmed_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True, help_text="When the last follow ended.")
    refusals = models.PositiveSmallIntegerField(
        default=0, help_text="Mails in a row that the receiving server refused."
    )

    objects = FollowerQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(Lower("address"), name="follower_once_per_address"),
            models.CheckConstraint(
                name="follower_language_is_known",
                condition=Q(language__in=Language.values),
            ),
        ]

    def __str__(self) -> str:
        # Addresses stay out of logs and of the admin.
        return f"Follower {self.pk}"


class Scope(models.TextChoices):
    """Of which changes a follower hears."""

    MATERIAL = "material", _("Material changes only")
    ALL = "all", _("Every entry")


class Cadence(models.TextChoices):
    """How often a follower is written to."""

    NOW = "now", _("At once")
    DAILY = "daily", _("Once a day")
    WEEKLY = "weekly", _("Once a week")


class FollowQuerySet(models.QuerySet["Follow"]):
    def waiting(self) -> FollowQuerySet:
        return self.filter(state=Follow.State.WAITING)

    def confirmed(self) -> FollowQuerySet:
        return self.filter(state=Follow.State.CONFIRMED)

    def told_between(self, after: int, until: int) -> FollowQuerySet:
        """Those that were in force for some of the entries ``after`` to ``until``."""
        begun = self.filter(after_seq__lt=until)
        return begun.filter(Q(until_seq=None) | Q(until_seq__gt=after))

    def still_telling(self) -> FollowQuerySet:
        """Also those that go on under other choices: what was theirs is still told."""
        return self.filter(
            Q(state=Follow.State.CONFIRMED)
            | Q(state=Follow.State.ENDED, ending=Follow.Ending.CHANGED)
        )


class Follow(models.Model):
    """What an address hears of, and how often.

    ``filters`` is the query string of the list of changes, in one spelling; empty
    means everything. It tells of the entries after ``after_seq``, up to
    ``until_seq``: a change of scope or cadence ends one row and begins another, so
    that each entry belongs to one of them.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting for confirmation"
        CONFIRMED = "confirmed", "Confirmed"
        ENDED = "ended", "Ended"

    class Ending(models.TextChoices):
        READER = "reader", "By its follower"
        CHANGED = "changed", "Goes on with other choices"
        REFUSED = "refused", "The address refused our mail"

    follower = models.ForeignKey(
        Follower, on_delete=models.CASCADE, related_name="follows"
    )
    filters = models.CharField(max_length=1000, blank=True)
    scope = models.CharField(max_length=8, choices=Scope)
    cadence = models.CharField(max_length=6, choices=Cadence)
    state = models.CharField(max_length=9, choices=State, default=State.WAITING)
    asked_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    ending = models.CharField(max_length=7, choices=Ending, blank=True)
    after_seq = models.BigIntegerField(null=True)
    until_seq = models.BigIntegerField(null=True)

    objects = FollowQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["follower", "filters"],
                condition=Q(state="waiting"),
                name="follow_waits_once",
            ),
            models.UniqueConstraint(
                fields=["follower", "filters"],
                condition=Q(state="confirmed"),
                name="follow_is_confirmed_once",
            ),
            models.CheckConstraint(
                name="follow_choices_are_known",
                condition=Q(scope__in=Scope.values, cadence__in=Cadence.values),
            ),
            models.CheckConstraint(
                name="follow_state_has_its_times",
                condition=Q(state="waiting", after_seq=None)
                | Q(
                    state="confirmed",
                    confirmed_at__isnull=False,
                    after_seq__isnull=False,
                    until_seq=None,
                )
                | Q(state="ended", ended_at__isnull=False, until_seq__isnull=False),
            ),
        ]
        indexes = [
            models.Index(
                fields=["asked_at"],
                condition=Q(state="waiting"),
                name="follow_waiting",
            ),
            models.Index(
                fields=["cadence", "after_seq"],
                condition=~Q(state="waiting"),
                name="follow_told",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.filters or 'everything'} ({self.cadence})"


class Wish(models.Model):
    """What somebody asked for on a public page, until a worker takes it up.

    Pages only write this row and know nothing of who follows: the answer cannot tell.
    """

    class Kind(models.TextChoices):
        FOLLOW = "follow", "To follow"
        LINK = "link", "The link to one's own follows"

    kind = models.CharField(max_length=6, choices=Kind)
    address = models.EmailField(max_length=254)
    language = models.CharField(max_length=8, choices=Language)
    filters = models.CharField(max_length=1000, blank=True)
    scope = models.CharField(max_length=8, choices=Scope, blank=True)
    cadence = models.CharField(max_length=6, choices=Cadence, blank=True)
    at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.kind}, {self.at:%Y-%m-%d %H:%M}"


class Knock(models.Model):
    """One try of one client, kept for a day to hold it to a measure.

    ``client`` is a keyed hash: network addresses are not kept.
    """

    client = models.CharField(max_length=32)
    what = models.CharField(max_length=10)
    at = models.DateTimeField(db_index=True)

    class Meta:
        ordering = ["pk"]
        indexes = [models.Index(fields=["client", "what", "at"], name="knock_counted")]

    def __str__(self) -> str:
        return f"{self.what}, {self.at:%Y-%m-%d %H:%M}"
