"""Checkpoints: the head of the chain, signed and kept outside the database.

A chain does not notice its own missing end; a checkpoint saved elsewhere does.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from django.conf import settings

from commitments import chain
from commitments.chain import Finding
from commitments.models import HistoryEntry
from commitments.own_keys import own_key


def signing_key() -> Ed25519PrivateKey:
    """Return the key that signs; made on first use where none is configured."""
    key = settings.CHECKPOINT_KEY or own_key("checkpoint_key", _new_key)
    return Ed25519PrivateKey.from_private_bytes(base64.b64decode(key))


def _new_key() -> str:
    raw = Ed25519PrivateKey.generate().private_bytes_raw()
    return base64.b64encode(raw).decode()


def public_key() -> str:
    """Return the key that checks signatures, as base64 of 32 bytes."""
    raw = signing_key().public_key().public_bytes_raw()
    return base64.b64encode(raw).decode()


def write_checkpoint(*, at: datetime) -> dict[str, Any] | None:
    """Append the head of the chain to the checkpoint file, once per head.

    Returns the checkpoint, or None where the history is empty or its head is the
    last checkpoint already.
    """
    head = HistoryEntry.objects.order_by("-seq").first()
    path = Path(settings.CHECKPOINT_FILE)
    last = max((c["seq"] for c in read_checkpoints(path)), default=0)
    if head is None or head.seq <= last:
        return None
    moment = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    checkpoint: dict[str, Any] = {
        "seq": head.seq,
        "digest": head.digest,
        "at": moment,
        "public_key": public_key(),
    }
    signature = signing_key().sign(chain.canonical(checkpoint))
    checkpoint["signature"] = base64.b64encode(signature).decode()
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(checkpoint, sort_keys=True) + "\n")
        file.flush()
        os.fsync(file.fileno())
    return checkpoint


def read_checkpoints(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the checkpoints of a file, oldest first; none where there is no file.

    Raises ValueError for a line that is not a checkpoint.
    """
    if not path.exists():
        return
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        try:
            checkpoint = json.loads(line)
            _ = checkpoint["seq"] + 1, checkpoint["digest"], checkpoint["signature"]
            datetime.fromisoformat(checkpoint["at"])
        except (ValueError, TypeError, KeyError) as error:
            raise ValueError(f"{path}, line {number}: not a checkpoint.") from error
        yield checkpoint


def compare(checkpoint: dict[str, Any]) -> Iterator[Finding]:
    """Yield what is wrong between the chain and one checkpoint."""
    held = HistoryEntry.objects.filter(seq=checkpoint["seq"])
    yield from _differences(checkpoint, held.values_list("digest", flat=True).first())


def _differences(
    checkpoint: dict[str, Any], digest_now: str | None
) -> Iterator[Finding]:
    seq = checkpoint["seq"]
    if not signature_fits(checkpoint):
        yield Finding(seq, "the checkpoint's signature does not fit")
    if digest_now is None:
        yield Finding(seq, "a checkpoint saw this entry; it is gone")
    elif digest_now != checkpoint["digest"]:
        yield Finding(seq, "a checkpoint saw another entry here")


def signature_fits(checkpoint: dict[str, Any]) -> bool:
    """Whether a checkpoint was signed, as it reads, by the key that it names."""
    signed = {k: v for k, v in checkpoint.items() if k != "signature"}
    try:
        key = Ed25519PublicKey.from_public_bytes(
            base64.b64decode(checkpoint["public_key"])
        )
        signature = base64.b64decode(checkpoint["signature"])
        key.verify(signature, chain.canonical(signed))
    except (InvalidSignature, ValueError, KeyError, TypeError):
        return False
    return True


@dataclass(frozen=True)
class Compared:
    """A saved checkpoint, with all that differs from the chain as it stands."""

    checkpoint: dict[str, Any]
    findings: list[Finding]

    @property
    def at(self) -> datetime:
        return datetime.fromisoformat(self.checkpoint["at"])


def compare_all(checkpoints: list[dict[str, Any]]) -> list[Compared]:
    """Return ``checkpoints`` as ``compare`` sees them, with one query for all."""
    numbers = [checkpoint["seq"] for checkpoint in checkpoints]
    held = HistoryEntry.objects.filter(seq__in=numbers)
    digests = dict(held.values_list("seq", "digest"))
    return [
        Compared(one, list(_differences(one, digests.get(one["seq"]))))
        for one in checkpoints
    ]
