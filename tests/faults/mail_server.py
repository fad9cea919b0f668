"""A mail server that keeps what it took, and misbehaves as often as told."""

from __future__ import annotations

import asyncio
import random
import threading
from collections import Counter
from email import message_from_bytes

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP

# Seconds after which the tracker gives up waiting for an answer.
TIMEOUT = 2
FAULTS = (
    *("recipient-4xx", "data-4xx", "data-5xx", "close-at-recipient", "close-at-text"),
    *("close-after-text", "taken-unsaid", "hang-at-recipient", "hang-after-text"),
)
# Three in a row for one address end what it follows: drawn once, not at random.
ONCE = "recipient-5xx"


class Sink:
    """Plays each fault once, then some at random: ``share`` of all mails."""

    def __init__(self, seed: int, share: float) -> None:
        self.random, self.share = random.Random(seed), share
        self.turns = [ONCE, *FAULTS]
        self.taken: Counter[tuple[str, str]] = Counter()
        self.faults: Counter[str] = Counter()
        self.lock = threading.Lock()

    def fault(self) -> str:
        if self.turns and self.share:
            fault = self.turns.pop()
        elif self.random.random() < self.share:
            fault = self.random.choice(FAULTS)
        else:
            return ""
        self.faults[fault] += 1
        return fault

    async def handle_RCPT(self, server, session, envelope, address, options):
        envelope.fault = self.fault()
        if envelope.fault == ONCE:
            return "550 Nobody of that name"
        if envelope.fault == "recipient-4xx":
            return "450 Later"
        if envelope.fault == "close-at-recipient":
            server.transport.abort()
        if envelope.fault == "hang-at-recipient":
            await asyncio.sleep(TIMEOUT + 1)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        fault = envelope.fault
        if fault == "data-4xx":
            return "451 Later"
        if fault == "data-5xx":
            return "554 No"
        if fault == "close-after-text":
            server.transport.abort()
            return "451 Never read"
        name = message_from_bytes(envelope.content)["Message-ID"]
        with self.lock:
            self.taken[envelope.rcpt_tos[0], name] += 1
        if fault == "taken-unsaid":
            server.transport.abort()
        if fault == "hang-after-text":
            await asyncio.sleep(TIMEOUT + 1)
        return "250 Taken"


class Server(SMTP):
    """Can break off after it asked for the text, before any of it came."""

    async def smtp_DATA(self, arg):
        if getattr(self.envelope, "fault", "") == "close-at-text":
            await self.push("354 Go on")
            self.transport.abort()
            return
        await super().smtp_DATA(arg)


class Listener(Controller):
    def factory(self):
        return Server(self.handler, **self.SMTP_kwargs)
