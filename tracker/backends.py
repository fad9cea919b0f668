"""How mail leaves: Django's backends, each with what this product needs beside.

``EMAIL_URL`` chooses one; see ``config.mail``.
"""

from __future__ import annotations

import logging
import os
import smtplib
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends import console, smtp
from django.utils import timezone

logger = logging.getLogger(__name__)


class FolderAndConsole(console.EmailBackend):
    """Each mail becomes a file of its own, which mail programs open.

    Where logs are for people it is printed too; a log that is gathered gets no address
    and no link of anybody.
    """

    def write_message(self, message: EmailMessage) -> None:
        folder = Path(settings.EMAIL_FILE_PATH)  # type: ignore[misc]
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        name = f"{timezone.now():%Y%m%d-%H%M%S-%f}-{uuid.uuid4().hex[:6]}.eml"
        # Whole or not at all, and for this account alone.
        handle = os.open(
            folder / f".{name}", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600
        )
        with os.fdopen(handle, "wb") as file:
            file.write(message.message().as_bytes())
        os.rename(folder / f".{name}", folder / name)
        if settings.LOG_FORMAT == "plain":
            super().write_message(message)
        else:
            logger.warning(
                "EMAIL_URL is empty: a mail became %s and went nowhere", name
            )


class _Noting(smtplib.SMTP):
    """Knows whether the server had begun to take the text of a message."""

    handed_over = False
    _in_data = False

    def data(self, msg: Any) -> tuple[int, bytes]:
        self.handed_over = False
        self._in_data = True
        try:
            return super().data(msg)
        finally:
            self._in_data = False

    def getreply(self) -> tuple[int, bytes]:
        code, text = super().getreply()
        if self._in_data and code == 354:
            self.handed_over = True
        return code, text


class _NotingSSL(_Noting, smtplib.SMTP_SSL):
    """The same, over TLS from the start."""


class SMTP(smtp.EmailBackend):
    """Django's SMTP backend, which also says where a sending broke off.

    ``handed_over`` tells of the last message that failed: False means that its text
    was certainly not with the server; True that it may have been.
    """

    handed_over = True

    @property
    def connection_class(self) -> type[smtplib.SMTP]:
        return _NotingSSL if self.use_ssl else _Noting

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        self.handed_over = False
        if self.connection is not None:
            self.connection.handed_over = False  # type: ignore[attr-defined]
        return super().send_messages(email_messages)

    def _send(self, email_message: EmailMessage) -> bool:
        try:
            return super()._send(email_message)  # type: ignore[misc]
        finally:
            self.handed_over = getattr(self.connection, "handed_over", True)
