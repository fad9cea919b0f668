"""Who may do what at the desk: three groups, as data.

Membership decides what is recorded in the history; model permissions decide which
facts may be edited. A superuser counts as an administrator and as nothing else:
who records or signs off is in the group for it.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Group, Permission
from django.db.models import Q

ANALYST = "analyst"
REVIEWER = "reviewer"
ADMINISTRATOR = "administrator"
GROUPS = (ANALYST, REVIEWER, ADMINISTRATOR)

RECORD = "record"
CONFIRM = "confirm"
DECIDE = "decide"
DUTIES = {
    RECORD: (ANALYST, REVIEWER),
    CONFIRM: (REVIEWER,),
    DECIDE: (REVIEWER, ADMINISTRATOR),
}

# Every group reads every model of the record, administrators the audit list too;
# this is what it may change.
EDIT = ("add", "change")
WHOLE = ("add", "change", "delete")
DESK = {
    "commitment": EDIT,
    "responsibility": WHOLE,
    "criterion": WHOLE,
    "milestone": WHOLE,
    "evidence": EDIT,
    "indicator": EDIT,
    "observation": WHOLE,
    "body": EDIT,
    "partner": EDIT,
    "topic": EDIT,
}
LIBRARY = {name: WHOLE for name in ("plan", "pillar", "source", "passage")}
PERMISSIONS: dict[str, dict[str, tuple[str, ...]]] = {
    ANALYST: DESK,
    REVIEWER: {**DESK, "commitment": WHOLE, "evidence": WHOLE},
    ADMINISTRATOR: {name: WHOLE for name in (*DESK, *LIBRARY, "watchedsource")},
}
# What belongs to other apps: accounts, and what the world is told.
ELSEWHERE: dict[str, dict[str, tuple[str, ...]]] = {
    ADMINISTRATOR: {
        "auth": ("add_user", "change_user", "view_user", "view_group"),
        "tracker": (
            *("view_event", "view_hold", "view_attempt", "view_endpointnotice"),
            *("add_endpoint", "change_endpoint", "delete_endpoint", "view_endpoint"),
            *("view_delivery", "change_delivery", "view_release", "add_release"),
            *("view_follow", "view_mail", "change_mail"),
        ),
    },
}


def permissions_of(group: str) -> Q:
    """Return the condition that picks the permissions of a group."""
    chosen = Q(content_type__app_label="commitments", codename__startswith="view_")
    if group != ADMINISTRATOR:
        chosen &= ~Q(codename="view_auditevent")
    codenames = [
        f"{action}_{model}"
        for model, actions in PERMISSIONS[group].items()
        for action in actions
    ]
    chosen |= Q(content_type__app_label="commitments", codename__in=codenames)
    for app, names in ELSEWHERE.get(group, {}).items():
        chosen |= Q(content_type__app_label=app, codename__in=names)
    return chosen


def ensure_groups() -> None:
    """Make the three groups and give each exactly its permissions.

    Idempotent; runs after every migrate, so that this module stays the authority.
    """
    for name in GROUPS:
        group, _ = Group.objects.get_or_create(name=name)
        group.permissions.set(Permission.objects.filter(permissions_of(name)))


def groups_of(user: Any) -> set[str]:
    """Return the names of the groups whose duties an account has."""
    if not user.is_active:
        return set()
    # Asked for many times while a page is made; a request has its user anew.
    names = getattr(user, "_names_of_groups", None)
    if names is None:
        names = frozenset(user.groups.values_list("name", flat=True))
        user._names_of_groups = names
    return {*names, ADMINISTRATOR} if user.is_superuser else set(names)


def forget_groups(instance: Any, **kwargs: Any) -> None:
    """Have an account's groups asked for anew: they were changed from its side."""
    instance._names_of_groups = None


def may(user: Any, duty: str) -> bool:
    """Whether an account has a duty: RECORD, CONFIRM or DECIDE."""
    return not groups_of(user).isdisjoint(DUTIES[duty])
