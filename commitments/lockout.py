"""Who has failed too often must wait: at one account, or from one address.

One account is guessed at from all strange addresses together no oftener than from one;
nobody can lock its owner out of where they signed in before, and one forgotten password
does not close the office. django-axes counts; what it counts by is decided here.
"""

from __future__ import annotations

import ipaddress
import math
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from axes.attempts import get_cool_off_threshold
from axes.handlers.database import AxesDatabaseHandler
from axes.helpers import get_client_username
from axes.models import AccessAttempt
from django.conf import settings
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import QuerySet, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
# For how long an address is an account's own after signing in from it.
KNOWN_FOR = timedelta(days=90)


def client_address(request: HttpRequest) -> str | None:
    """Return the address a request came from, None where it is not known.

    Each of the ``TRUSTED_PROXIES`` hops before this server adds to the end of
    X-Forwarded-For whom it was asked by; what stands before that, anybody may have
    written. A request with fewer entries did not come through them all: then the
    neighbour's address counts.
    """
    remote = request.META.get("REMOTE_ADDR", "")
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
    hops = settings.TRUSTED_PROXIES
    given = forwarded[-hops] if 0 < hops <= len(forwarded) else remote
    found = _parsed(given) or _parsed(remote)
    return str(found) if found else None


def counted_address(request: HttpRequest) -> str | None:
    """Return the address under which failures count.

    For IPv6 the network of 64 bits, which is the least that one customer has
    (RFC 6177): within it, everybody can take any address.
    """
    return counted(client_address(request))


def counted(address: str | None) -> str | None:
    """Return what an address counts as: itself, or its network."""
    if address is None or ":" not in address:
        return address
    network = ipaddress.ip_network(f"{address}/64", strict=False)
    return str(network.network_address)


def _parsed(text: str) -> Address | None:
    """Read an address, also with a port; an IPv4 address in IPv6 dress as IPv4."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        found = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


class LockOut(AxesDatabaseHandler):
    """Counts per account and address, per account, and per address with a higher limit."""

    def get_failures(self, request: HttpRequest, credentials: Any = None) -> int:
        """Return the failures that count, at least the limit where one is reached."""
        failures = super().get_failures(request, credentials)
        since = get_cool_off_threshold(request)
        tries = AccessAttempt.objects.filter(attempt_time__gte=since)
        from_here = tries.filter(ip_address=request.axes_ip_address)  # type: ignore[attr-defined]
        name = get_client_username(request, credentials)
        limit = settings.AXES_FAILURE_LIMIT
        is_full = failed(from_here) >= settings.ADDRESS_FAILURE_LIMIT or (
            failed(tries.filter(username=name)) >= limit and not is_known(name, request)
        )
        return max(failures, limit) if is_full else failures

    def user_login_failed(
        self, sender: Any, credentials: dict, request: Any = None, **kwargs: Any
    ) -> None:
        """Count it and record it.

        A try during a lock-out is refused unread: it is neither counted nor
        recorded, or a stranger could fill the list and prolong the wait.
        """
        from commitments.audit import record_event
        from commitments.models import AuditKind

        refused = request is None or request.axes_locked_out
        super().user_login_failed(sender, credentials, request, **kwargs)
        if refused:
            return
        name = credentials.get(get_user_model().USERNAME_FIELD)
        facts = {
            "account": get_user_model()._default_manager.filter(username=name).first(),
            "at": request.axes_attempt_time,
            "address": client_address(request),
        }
        record_event(AuditKind.SIGN_IN_FAILED, **facts)
        if request.axes_locked_out:
            record_event(AuditKind.LOCKED_OUT, **facts)


def failed(tries: QuerySet[AccessAttempt]) -> int:
    return tries.aggregate(total=Sum("failures_since_start"))["total"] or 0


def is_known(name: str | None, request: HttpRequest) -> bool:
    """Whether an account was signed in to from where a request comes from."""
    from commitments.models import AuditEvent, AuditKind

    account = get_user_model()._default_manager.filter(username=name).first()
    if account is None:
        return False
    since = request.axes_attempt_time - KNOWN_FOR  # type: ignore[attr-defined]
    entries = AuditEvent.objects.about(account).filter(
        kind=AuditKind.SIGNED_IN, at__gte=since
    )
    addresses = entries.order_by().values_list("address", flat=True).distinct()
    return request.axes_ip_address in map(counted, addresses)  # type: ignore[attr-defined]


def locked_out(
    request: HttpRequest, response: HttpResponse | None, credentials: Any
) -> HttpResponse:
    """Say that too many tries failed, and how long to wait."""
    wait = settings.AXES_COOLOFF_TIME
    context = {
        **admin.site.each_context(request),
        "title": "Too many tries",
        "minutes": math.ceil(wait.total_seconds() / 60),
    }
    page = render(request, "admin/locked_out.html", context, status=429)
    page["Retry-After"] = str(int(wait.total_seconds()))
    return page


def lift(
    *, accounts: Iterable[Any], by: Any, at: datetime, address: str | None
) -> None:
    """Let accounts be signed in to again at once, and record who did it."""
    from commitments.audit import record_event
    from commitments.models import AuditKind

    people = list(accounts)
    with transaction.atomic():
        AccessAttempt.objects.filter(
            username__in=[account.get_username() for account in people]
        ).delete()
        for account in people:
            record_event(
                AuditKind.LOCK_OUT_LIFTED,
                account=account,
                by=by,
                at=at,
                address=address,
            )
