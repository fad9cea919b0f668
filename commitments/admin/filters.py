"""Filters of the desk's lists that no column answers by itself."""

from __future__ import annotations

from django.contrib import admin
from django.utils import timezone

from commitments import actors, desk
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


class DefaultStateFilter(admin.SimpleListFilter):
    """By state; where none is asked for, what waits (``default``) in place of all."""

    title = "state"
    parameter_name = "state"
    default: str

    def choices(self, changelist):
        yield {
            "selected": self.value() is None,
            "query_string": changelist.get_query_string(remove=[self.parameter_name]),
            "display": self.default,
        }
        for value, label in self.lookup_choices:
            yield {
                "selected": self.value() == value,
                "query_string": changelist.get_query_string(
                    {self.parameter_name: value}
                ),
                "display": label,
            }


class OpenFilter(DefaultStateFilter):
    """Open flags, unless others are asked for."""

    default = "Open"

    def lookups(self, request, model_admin):
        return [("closed", "Closed"), ("all", "All")]

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

    def lookups(self, request, model_admin):
        return [(age, label) for age, (label, *_) in desk.AGES.items()]

    def queryset(self, request, queryset):
        if self.value() not in desk.AGES:
            return queryset
        return queryset.filter(desk.of_age(self.value(), on=timezone.localdate()))


class DueFilter(admin.SimpleListFilter):
    """What is promised for the days ahead and not delivered."""

    title = "due"
    parameter_name = "due"

    def lookups(self, request, model_admin):
        return [(str(days), f"Within {days} days") for days in desk.AHEAD]

    def queryset(self, request, queryset):
        if self.value() not in map(str, desk.AHEAD):
            return queryset
        return queryset.to_be_watched().due_within(
            int(self.value()), on=timezone.localdate()
        )


class GapFilter(admin.SimpleListFilter):
    """Declared complete, while the evidence shows less."""

    title = "claim-evidence gap"
    parameter_name = "gap"

    def lookups(self, request, model_admin):
        return [("yes", "Yes")]

    def queryset(self, request, queryset):
        if self.value() != "yes":
            return queryset
        return queryset.to_be_watched().with_claim_gap()


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
