from django.contrib import admin

from commitments.admin.base import Unlisted, ViewOnlyAdmin
from commitments.models import FlagScan, QueueBeat, ScheduledJob, SchedulerLease


@admin.register(ScheduledJob)
class ScheduledJobAdmin(ViewOnlyAdmin):
    list_display = ["name", "last_run_at"]
    search_fields = ["name"]


@admin.register(QueueBeat)
class QueueBeatAdmin(ViewOnlyAdmin):
    list_display = ["queue", "heard_at"]
    search_fields = ["queue"]


@admin.register(SchedulerLease)
class SchedulerLeaseAdmin(ViewOnlyAdmin):
    list_display = ["holder", "beat_at", "held_until"]
    search_fields = ["holder"]


@admin.register(FlagScan)
class FlagScanAdmin(Unlisted, ViewOnlyAdmin):
    list_display = ["on", "seq", "whole_on"]
    search_fields = ["on"]
