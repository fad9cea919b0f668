"""Filters of the desk whose answer depends on the day."""

from __future__ import annotations

from datetime import timedelta

from django.contrib import admin
from django.utils import timezone

from commitments import actors
from commitments.statuses import Freshness, Schedule


class FreshnessFilter(admin.SimpleListFilter):
    title = "freshness"
    parameter_name = "freshness"

    def lookups(self, request, model_admin):
        return Freshness.choices

    def queryset(self, request, queryset):
        if self.value() not in Freshness.values:
            return queryset
        return queryset.with_freshness(self.value(), on=timezone.localdate())


class ScheduleFilter(admin.SimpleListFilter):
    title = "schedule"
    parameter_name = "schedule"

    def lookups(self, request, model_admin):
        return Schedule.choices

    def queryset(self, request, queryset):
        if self.value() not in Schedule.values:
            return queryset
        return queryset.with_schedule(self.value(), on=timezone.localdate())


class OpenFilter(admin.SimpleListFilter):
    """Open flags, unless others are asked for."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request, model_admin):
        return [("closed", "Closed"), ("all", "All")]

    def choices(self, changelist):
        yield {
            "selected": self.value() is None,
            "query_string": changelist.get_query_string(remove=[self.parameter_name]),
            "display": "Open",
        }
        for value, label in self.lookup_choices:
            yield {
                "selected": self.value() == value,
                "query_string": changelist.get_query_string(
                    {self.parameter_name: value}
                ),
                "display": label,
            }

    def queryset(self, request, queryset):
        if self.value() == "all":
            return queryset
        if self.value() == "closed":
            return queryset.exclude(closed_at=None)
        return queryset.open()


class AgeFilter(admin.SimpleListFilter):
    """How long ago the reason of a flag arose."""

    title = "age"
    parameter_name = "age"
    spans = {
        "week": ("Up to a week", 0, 7),
        "month": ("8 to 30 days", 8, 30),
        "quarter": ("31 to 90 days", 31, 90),
        "older": ("More than 90 days", 91, 100_000),
    }

    def lookups(self, request, model_admin):
        return [(key, label) for key, (label, *_) in self.spans.items()]

    def queryset(self, request, queryset):
        if self.value() not in self.spans:
            return queryset
        _, youngest, oldest = self.spans[self.value()]
        today = timezone.localdate()
        return queryset.filter(
            since_on__lte=today - timedelta(youngest),
            since_on__gte=today - timedelta(oldest),
        )


class AuthorFilter(admin.SimpleListFilter):
    """Mine, or those that others drafted and I could sign off."""

    title = "author"
    parameter_name = "author"

    def lookups(self, request, model_admin):
        return [("me", "Me"), ("others", "Others")]

    def queryset(self, request, queryset):
        mine = actors.key(request.user)
        if self.value() == "me":
            return queryset.filter(actor=mine)
        if self.value() == "others":
            return queryset.exclude(actor=mine)
        return queryset
