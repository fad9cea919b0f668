"""Who may do what: three groups, their permissions as data."""

from __future__ import annotations

from django.contrib.auth.models import Group, Permission

ANALYST, REVIEWER, ADMINISTRATOR = "analyst", "reviewer", "administrator"

# Facts that may be typed in; history and what follows from it never are.
FACTS = ("commitment", "criterion", "milestone", "evidence", "indicator", "observation")
LISTS = ("plan", "pillar", "source", "passage", "body", "partner", "topic")
DERIVED = ("historyentry", "historytext", "citation", "state", "flag")

_recording = [
    *(f"{verb}_{name}" for name in FACTS for verb in ("view", "add", "change")),
    "view_responsibility",
    "add_responsibility",
    "change_responsibility",
    "delete_responsibility",
    *(f"view_{name}" for name in (*LISTS, *DERIVED)),
]
_keeping = [f"{verb}_{name}" for name in LISTS for verb in ("add", "change")]
PERMISSIONS = {
    ANALYST: _recording,
    REVIEWER: [*_recording, *_keeping],
    ADMINISTRATOR: [*_recording, *_keeping],
}


def ensure_groups() -> None:
    """Create the groups and give each exactly its permissions; idempotent."""
    for name, codenames in PERMISSIONS.items():
        group, _ = Group.objects.get_or_create(name=name)
        group.permissions.set(
            Permission.objects.filter(
                content_type__app_label="commitments", codename__in=codenames
            )
        )


def is_reviewer(user) -> bool:
    """Whether an account signs off what others recorded."""
    return user.is_active and user.groups.filter(name=REVIEWER).exists()
