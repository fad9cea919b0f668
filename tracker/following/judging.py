"""What an error means that came of handing a mail over.

Only what was certainly not taken is tried again: a mail twice is what we promise never
to send.
"""

from __future__ import annotations

import smtplib
import ssl
from dataclasses import dataclass

from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from tracker.models import Mail

try:
    from anymail.exceptions import AnymailRecipientsRefused, AnymailRequestsAPIError
except ImportError:  # The extra “mail” is left out: no provider can be chosen.
    AnymailRecipientsRefused = AnymailRequestsAPIError = ()

# Before a connection stands nothing goes over it.
UNCONNECTED = (NewConnectionError, ConnectTimeoutError, ssl.SSLCertVerificationError)


@dataclass(frozen=True)
class Outcome:
    """What came of handing a mail over."""

    state: str
    error: str = ""
    # Whether the server said that it is this address that it does not take.
    is_address: bool = False


def judged(error: Exception, *, handed_over: bool) -> Outcome:
    """Return what an error means: refused, to be tried again, or uncertain.

    Only what the server certainly did not take is tried again.
    """
    told = f"{type(error).__name__}: {error}"[:300]
    match error:
        case smtplib.SMTPRecipientsRefused():
            code = max((code for code, _ in error.recipients.values()), default=450)
            if code >= 500:
                return Outcome(Mail.State.REFUSED, told, is_address=True)
            return Outcome(Mail.State.WAITING, told)
        case smtplib.SMTPDataError() if error.smtp_code >= 500:
            return Outcome(Mail.State.REFUSED, told)
        case smtplib.SMTPResponseException():
            # The server answered, and did not take it: our own settings, or its state.
            return Outcome(Mail.State.WAITING, told)
    if isinstance(error, AnymailRecipientsRefused):
        return Outcome(Mail.State.REFUSED, told, is_address=True)
    status = getattr(error, "status_code", None)
    if isinstance(status, int) and 400 <= status < 500:
        return Outcome(Mail.State.WAITING, told)
    if not handed_over or _never_connected(error):
        return Outcome(Mail.State.WAITING, told)
    return Outcome(Mail.State.UNCERTAIN, told)


def _never_connected(error: Exception) -> bool:
    """Whether a provider was not reached at all.

    Of those alone that ask once: a client that tries again by itself may have been
    heard the first time.
    """
    if not isinstance(error, AnymailRequestsAPIError):
        return False
    seen: BaseException | None = error
    while seen is not None and not isinstance(seen, UNCONNECTED):
        seen = seen.__cause__ or seen.__context__
    return seen is not None
