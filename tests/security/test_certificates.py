"""A server that cannot prove its name is asked for nothing and sent nothing."""

import ssl
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from unittest import mock

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import NameOID

from commitments import outgoing
from tests.commitments.links.web import Server

OURS, OTHER = "a.test", "b.test"


def certificate(path, *, name, days):
    """Write a certificate that signs itself, with its key, and return where it is."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    called = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = (
        x509.CertificateBuilder(called, called, key.public_key(), 1)
        .not_valid_before(now - timedelta(days=9))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), False)
        .sign(key, SHA256())
    )
    pem = serialization.Encoding.PEM
    kept = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    path.write_bytes(made.public_bytes(pem) + key.private_bytes(pem, *kept))
    return path


@contextmanager
def serving(path):
    """Serve with a certificate whatever host is asked; yield what was asked for."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.command)
            self.send_response(200)
            self.end_headers()

        do_POST = do_GET

        def log_message(self, *args):
            pass

    server = Server(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    with (
        mock.patch.object(outgoing, "resolve", lambda host, port: ["11.0.0.1"]),
        mock.patch.object(outgoing, "dial", lambda *to: server.server_address),
    ):
        try:
            yield asked
        finally:
            server.shutdown()
            server.server_close()


@contextmanager
def vouching_for(path):
    """Let the file stand for the authorities that are believed."""
    outgoing._tls.cache_clear()
    with mock.patch.object(outgoing.certifi, "where", lambda: str(path)):
        try:
            yield
        finally:
            outgoing._tls.cache_clear()


def post(url):
    return outgoing.post(url, body=b"{}")


@pytest.mark.parametrize("ask", [outgoing.get, post])
def test_whom_nobody_vouches_for_is_refused(tmp_path, ask):
    path = certificate(tmp_path / "own.pem", name=OURS, days=1)

    with serving(path) as asked, pytest.raises(outgoing.Unreachable) as raised:
        ask(f"https://{OURS}/")

    assert raised.value.kind == "tls" and "self" in str(raised.value)
    assert asked == []


@pytest.mark.parametrize("ask", [outgoing.get, post])
@pytest.mark.parametrize(
    ("name", "days", "said"), [(OTHER, 1, "mismatch"), (OURS, -1, "expired")]
)
def test_anothers_certificate_and_an_old_one_are_refused(
    tmp_path, ask, name, days, said
):
    path = certificate(tmp_path / "own.pem", name=name, days=days)

    with (
        serving(path) as asked,
        vouching_for(path),
        pytest.raises(outgoing.Unreachable, match=said) as raised,
    ):
        ask(f"https://{OURS}/")

    assert raised.value.kind == "tls"
    assert asked == []


@pytest.mark.parametrize("ask", [outgoing.get, post])
def test_who_is_vouched_for_is_asked(tmp_path, ask):
    """The control."""
    path = certificate(tmp_path / "own.pem", name=OURS, days=1)

    with serving(path) as asked, vouching_for(path):
        answer = ask(f"https://{OURS}/")

    assert answer.status == 200
    assert len(asked) == 1
