"""What the pages of the desk share."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ValidationError
from django.db import DataError, ProgrammingError, transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from commitments import chain, shown
from commitments.models import DataVersion
from commitments.validation import is_key

# What Django's filters or the database raise for a value that cannot be compared: a
# number larger than any column holds, or a range with one end.
IMPOSSIBLE = (ValueError, OverflowError, IndexError, DataError, ProgrammingError)


class ListedAdmin(admin.ModelAdmin):
    """Sends whoever filters a list by something impossible back to the whole list."""

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        try:
            return super().get_changelist_instance(request)
        except IMPOSSIBLE as error:
            # Django expects such errors when it reads the address, not when the
            # database answers.
            if not request.GET:
                raise
            raise IncorrectLookupParameters(error) from error


class FactAdmin(ListedAdmin):
    """Edits facts that readers see: each change counts in the data version.

    A slug is permanent: addresses and the digests of the history name it.
    """

    list_per_page = 50

    def changeform_view(self, request: HttpRequest, *args, **kwargs):
        with transaction.atomic():
            # Nothing is recorded between reading the row and writing it back.
            if request.method == "POST":
                chain.lock()
            return super().changeform_view(request, *args, **kwargs)

    def get_form(self, request: HttpRequest, obj: Any = None, **kwargs):
        """Return the form class, which refuses to save on top of what was not seen.

        Another change is told, what was typed stays, and the next save goes
        through (rule 8): the page then holds the latest change as seen.
        """
        form = super().get_form(request, obj, **kwargs)
        if obj is None:
            return form

        class UpToDateForm(form):
            def clean(self):
                cleaned = super().clean()
                if unseen := changes_since(obj, request):
                    raise ValidationError(told(unseen))
                return cleaned

        return UpToDateForm

    def render_change_form(self, request: HttpRequest, context, *args, **kwargs):
        changes = changes_of(context.get("original"))
        context["seen_change"] = changes[0].pk if changes else 0
        return super().render_change_form(request, context, *args, **kwargs)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None):
        names = [field.name for field in self.opts.fields]
        fixed = ["slug"] if obj and "slug" in names else []
        return [*super().get_readonly_fields(request, obj), *fixed]

    def get_prepopulated_fields(self, request: HttpRequest, obj: Any = None):
        return {} if obj else super().get_prepopulated_fields(request, obj)

    def save_model(self, request: HttpRequest, obj: Model, form, *args) -> None:
        # Also those that it no longer names when it is saved.
        form.shown_before = shown.about(self.model, [obj.pk] if obj.pk else [])
        super().save_model(request, obj, form, *args)

    def save_related(self, request: HttpRequest, form, *args, **kwargs) -> None:
        super().save_related(request, form, *args, **kwargs)
        named = shown.about(self.model, [form.instance.pk])
        shown.refresh([*form.shown_before, *named])
        DataVersion.bump()

    def delete_model(self, request: HttpRequest, obj: Model) -> None:
        chain.lock()
        named = shown.about(self.model, [obj.pk])
        super().delete_model(request, obj)
        shown.refresh(named)
        DataVersion.bump()

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet) -> None:
        with transaction.atomic():
            chain.lock()
            named = shown.about(self.model, queryset.values_list("pk", flat=True))
            super().delete_queryset(request, queryset)
            shown.refresh(named)
            DataVersion.bump()


def changes_of(obj: Model | None) -> list[LogEntry]:
    """Return who changed a row on the desk's forms, the latest first."""
    if obj is None:
        return []
    kind = ContentType.objects.get_for_model(obj)
    log = LogEntry.objects.filter(content_type=kind, object_id=str(obj.pk))
    return list(log.select_related("user").order_by("-pk")[:20])


def changes_since(obj: Model, request: HttpRequest) -> list[LogEntry]:
    """Return what was changed since the posted form was opened, in whichever window."""
    seen = request.POST.get("seen_change", "")
    latest = int(seen) if is_key(seen) else 0
    return [change for change in changes_of(obj) if change.pk > latest]


def told(changes: list[LogEntry]) -> str:
    """Return who changed what, in a sentence."""
    what = "; ".join(
        f"{change.user.get_full_name() or change.user.get_username()}, "
        f"{change.action_time:%Y-%m-%d %H:%M}: {change.get_change_message()}"
        for change in changes
    )
    return (
        f"This has been changed since you opened it: {what} Nothing you typed is lost: "
        "compare, then save again."
    )


class Unlisted:
    """Kept out of the desk's index: reached from the row it belongs to."""

    def get_model_perms(self, request: HttpRequest) -> dict[str, bool]:
        return {}


class ViewOnlyAdmin(ListedAdmin):
    """Shows what only services write, or what is edited on another page."""

    list_per_page = 50
    actions = None

    def has_add_permission(self, request: HttpRequest, *args) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
