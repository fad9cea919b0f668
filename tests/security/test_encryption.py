"""How what is secret is sealed, and that nothing else seals or signs."""

import ast
import base64
import hmac
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from tracker.webhooks import sealing

ROOT = Path(__file__).parents[2]
KEY = "a key of this test of more than thirty-two characters"
SECRET = "whsec_" + "A" * 64
# Fernet, the key for it, signatures of checkpoints, and what they raise.
USED = {
    "cryptography.exceptions.InvalidSignature",
    "cryptography.fernet.Fernet",
    "cryptography.fernet.InvalidToken",
    "cryptography.fernet.MultiFernet",
    "cryptography.hazmat.primitives.asymmetric.ed25519.Ed25519PrivateKey",
    "cryptography.hazmat.primitives.asymmetric.ed25519.Ed25519PublicKey",
    "cryptography.hazmat.primitives.hashes.SHA256",
    "cryptography.hazmat.primitives.kdf.hkdf.HKDF",
}
OTHERS = ("Crypto", "nacl", "OpenSSL", "jwt", "jose", "rsa")


@pytest.fixture(autouse=True)
def one_key(settings):
    settings.WEBHOOK_KEY = KEY


def imported():
    """The names that our modules take from elsewhere."""
    for folder in ("commitments", "tracker", "config"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.ImportFrom) and node.module:
                    yield from (f"{node.module}.{one.name}" for one in node.names)
                elif isinstance(node, ast.Import):
                    yield from (one.name for one in node.names)


def test_no_cipher_is_used_but_these():
    names = set(imported())

    assert {name for name in names if name.startswith("cryptography")} == USED
    assert not [name for name in names if name.partition(".")[0] in OTHERS]


def test_a_secret_is_sealed_by_aes_in_a_chain_under_an_hmac():
    derived = HKDF(SHA256(), 32, salt=None, info=b"tracker.webhooks.v1")
    key = derived.derive(KEY.encode())

    sealed = base64.urlsafe_b64decode(sealing.seal(SECRET))

    said, tag = sealed[:-32], sealed[-32:]
    assert hmac.digest(key[:16], said, "sha256") == tag
    opener = Cipher(algorithms.AES(key[16:]), modes.CBC(said[9:25])).decryptor()
    opened = opener.update(said[25:]) + opener.finalize()
    assert opened.startswith(SECRET.encode())


def test_what_is_alike_is_not_sealed_alike():
    sealed = [base64.urlsafe_b64decode(sealing.seal(SECRET)) for _ in range(20)]
    # After the version and the time, blocks of sixteen bytes.
    blocks = [one[at : at + 16] for one in sealed for at in range(9, len(one) - 32, 16)]

    assert len(set(blocks)) == len(blocks) >= 100


def test_nothing_altered_is_opened():
    sealed = base64.urlsafe_b64decode(sealing.seal(SECRET))

    for at in range(len(sealed)):
        altered = bytearray(sealed)
        altered[at] ^= 1
        with pytest.raises(sealing.CannotOpen):
            sealing.unseal(base64.urlsafe_b64encode(altered).decode())
    assert sealing.unseal(base64.urlsafe_b64encode(sealed).decode()) == SECRET
