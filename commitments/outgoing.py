"""The one module that makes requests to other machines.

Only http(s), only public addresses: the name is resolved once, every answer must
pass the table below, and the connection goes to the address that was checked.
Redirects are followed by hand and checked again. One deadline holds for the whole
exchange, inside the network stream, so that a server dripping a byte at a time
cannot stretch it. ``tests/commitments/links/test_outgoing.py`` forbids requests made
elsewhere.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as ResolvingTooLong
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from functools import cache
from urllib.parse import urljoin, urlsplit

import certifi
import httpcore2
import httpx2
from django.conf import settings

REDIRECTS = frozenset({301, 302, 303, 307, 308})
PERMANENT = frozenset({301, 308})
PORTS = frozenset({80, 443})
LONGEST = 2000

# IANA's special-purpose registries, and what carries an IPv4 address inside an IPv6
# one (mapped, compatible, NAT64, 6to4, Teredo). ``ipaddress.is_private`` misses some.
NOT_PUBLIC = [
    ipaddress.ip_network(network)
    for network in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16"),
        *("172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24"),
        *("192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24"),
        *("198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4"),
        *("240.0.0.0/4", "::/96", "::ffff:0:0/96", "::ffff:0:0:0/96", "64:ff9b::/96"),
        *("64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16"),
        *("3fff::/20", "5f00::/16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8"),
    )
]
GLOBAL_V6 = ipaddress.ip_network("2000::/3")


class Refused(Exception):
    """An address or an answer that our own rules do not take."""


class Unreachable(Exception):
    """No answer from there: ``kind`` is dns, tls, timeout or connection."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


@dataclass(frozen=True)
class Limits:
    """How much one exchange may take, redirects and all."""

    bytes: int = 20_000_000
    seconds: float = 30.0
    redirects: int = 5


@dataclass(frozen=True)
class Hop:
    """One address asked, and how it answered."""

    url: str
    status: int


@dataclass(frozen=True)
class Answer:
    """What came back: ``body`` decoded, ``raw`` as it was on the wire."""

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    raw: bytes = b""
    raw_headers: tuple[tuple[str, str], ...] = ()
    hops: tuple[Hop, ...] = field(default=())

    @property
    def moved_to(self) -> str:
        """The new address, where every redirect on the way is permanent."""
        steps = self.hops[:-1]
        permanent = steps and all(hop.status in PERMANENT for hop in steps)
        return self.url if permanent else ""


def check_address(address: str) -> str:
    """Return ``address`` as written by the standard. Raises Refused unless public."""
    if "%" in address:
        raise Refused("This address names a network interface.")
    parsed = ipaddress.ip_address(address)
    if any(parsed.version == n.version and parsed in n for n in NOT_PUBLIC):
        raise Refused(f"{parsed} is not a public address.")
    if parsed.version == 6 and parsed not in GLOBAL_V6:
        raise Refused(f"{parsed} is not a public address.")
    return str(parsed)


def check_url(url: str) -> None:
    """Refuse what is not a plain http(s) address on a standard port.

    Two parsers must read the same host from it. Raises Refused.
    """
    if len(url) > LONGEST:
        raise Refused(f"This address has more than {LONGEST} characters.")
    if any(ord(c) <= 32 or ord(c) == 127 for c in url) or "\\" in url:
        raise Refused("This address holds a character that no address may hold.")
    try:
        first, second = urlsplit(url), httpx2.URL(url)
        port = first.port
    except (ValueError, httpx2.InvalidURL):
        raise Refused("This is not an address.") from None
    if first.scheme not in ("http", "https") or second.scheme != first.scheme:
        raise Refused("Only http and https are asked.")
    if second.userinfo or "@" in first.netloc:
        raise Refused("This address holds a user name.")
    if not first.hostname or not second.host:
        raise Refused("This address names no host.")
    if port is not None and port not in PORTS:
        raise Refused(f"Port {port} is not asked, only 80 and 443.")
    ours = first.hostname.rstrip(".").lower()
    theirs = second.raw_host.decode().rstrip(".").lower()
    if ours.isascii() and ours != theirs:
        raise Refused("The host of this address can be read in two ways.")


def resolve(host: str, port: int) -> list[str]:
    """Return the addresses behind a name. Raises OSError where there are none."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]


def dial(address: str, port: int) -> tuple[str, int]:
    """Return where to connect for a checked address. Tests lead it to loopback."""
    return address, port


@cache
def _resolvers() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=32, thread_name_prefix="resolver")


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context(cafile=certifi.where())


class _Deadlined(httpcore2.NetworkStream):
    """A stream whose every operation ends when the exchange must."""

    def __init__(self, inner: httpcore2.NetworkStream, end: float) -> None:
        self._inner, self._end = inner, end

    def _left(self) -> float:
        return _left(self._end)

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, self._left())

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, self._left())

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore2.NetworkStream:
        inner = self._inner.start_tls(ssl_context, server_hostname, self._left())
        return _Deadlined(inner, self._end)

    def get_extra_info(self, info: str) -> object:
        return self._inner.get_extra_info(info)


class _Checked(httpcore2.NetworkBackend):
    """Connects to the very address that was checked, so that no name rebinds."""

    def __init__(self, end: float) -> None:
        self._end, self._inner = end, httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable | None = None,
    ) -> httpcore2.NetworkStream:
        if port not in PORTS:
            raise Refused(f"Port {port} is not asked, only 80 and 443.")
        try:
            asked = _resolvers().submit(resolve, host, port)
            found = asked.result(timeout=_left(self._end))
        except ResolvingTooLong:
            raise Unreachable("dns", "Its name was not resolved in time.") from None
        except (OSError, UnicodeError) as error:
            raise Unreachable("dns", f"Its name is not known: {error}") from None
        if not found:
            raise Unreachable("dns", "Its name has no address.")
        # All must pass: of a mixed answer nothing is taken.
        checked = [check_address(one) for one in found]
        to, at = dial(checked[0], port)
        stream = self._inner.connect_tcp(to, at, timeout=_left(self._end))
        return _Deadlined(stream, self._end)

    def connect_unix_socket(self, path: str, **options: object) -> None:  # type: ignore[override]
        raise Refused("Sockets of this machine are not asked.")

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


def _left(end: float) -> float:
    left = end - time.monotonic()
    if left <= 0:
        raise Unreachable("timeout", "It took too long to answer.")
    return left


def get(
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    limits: Limits | None = None,
    turn: Callable[[str], AbstractContextManager] = nullcontext,
) -> Answer:
    """Ask for a page and return its answer, whatever its status.

    ``headers`` are sent beside our own; ``turn(address)`` is entered around each
    request. Raises Refused where our rules do not take the address or the answer,
    Unreachable where none came.
    """
    limits = limits or Limits()
    end = time.monotonic() + limits.seconds
    hops: list[Hop] = []
    while True:
        with turn(url):
            answer = _exchange("GET", url, headers or {}, limits, end)
        hops.append(Hop(url, answer.status))
        target = answer.headers.get("location", "")
        if answer.status not in REDIRECTS or not target:
            return Answer(**{**vars(answer), "hops": tuple(hops)})
        if len(hops) > limits.redirects:
            raise Refused(f"It redirects more than {limits.redirects} times.")
        url = _next(url, target)


def post(
    url: str,
    *,
    body: bytes,
    headers: Mapping[str, str] | None = None,
    limits: Limits | None = None,
) -> Answer:
    """Send ``body`` to an address and return its answer, whatever its status.

    No redirect is followed. Of an answer that is too long the beginning is returned:
    what was sent has arrived. Raises Refused and Unreachable as ``get`` does.
    """
    limits = limits or Limits()
    end = time.monotonic() + limits.seconds
    sent = {"Accept-Encoding": "identity", **(headers or {})}
    return _exchange("POST", url, sent, limits, end, body)


def _next(url: str, target: str) -> str:
    try:
        following = urljoin(url, target)
    except ValueError:
        raise Refused("It redirects to what is no address.") from None
    check_url(following)
    if urlsplit(url).scheme == "https" and urlsplit(following).scheme == "http":
        raise Refused("It redirects from https to http.")
    return following


def _exchange(
    method: str,
    url: str,
    headers: Mapping[str, str],
    limits: Limits,
    end: float,
    sent_body: bytes | None = None,
) -> Answer:
    check_url(url)
    sent = {
        "User-Agent": f"OpeningUpTracker/1.0 (+{settings.SITE_URL}/about/)",
        "Accept-Encoding": "gzip",
        "Accept": "*/*",
        **headers,
    }
    try:
        with (
            httpcore2.ConnectionPool(
                ssl_context=_tls(),
                max_keepalive_connections=0,
                network_backend=_Checked(end),
            ) as pool,
            pool.stream(
                method,
                str(httpx2.URL(url)),
                headers=list(sent.items()),
                content=sent_body,
            ) as response,
        ):
            received = tuple(
                (name.decode("latin-1"), value.decode("latin-1"))
                for name, value in response.headers
            )
            by_name = {name.lower(): value for name, value in received}
            pieces = response.iter_stream()
            if sent_body is not None:
                raw = body = _beginning(pieces, limits, end)
            else:
                raw, body = _read(pieces, by_name, limits, end)
            return Answer(url, response.status, by_name, body, raw, received)
    except httpcore2.TimeoutException:
        raise Unreachable("timeout", "It took too long to answer.") from None
    except (httpcore2.ConnectError, ssl.SSLError) as error:
        kind = "tls" if "SSL" in str(error) or "CERT" in str(error) else "connection"
        raise Unreachable(kind, str(error)) from None
    except (httpcore2.NetworkError, httpcore2.ProtocolError, OSError) as error:
        message = str(error) or "The connection broke."
        raise Unreachable("connection", message) from None
    except ValueError as error:
        raise Refused(f"What it answers cannot be read: {error}") from None


def _beginning(pieces: Iterator[bytes], limits: Limits, end: float) -> bytes:
    """Return at most so many bytes of a body, as they came; the rest is not read."""
    raw = bytearray()
    for piece in pieces:
        _left(end)
        raw += piece
        if len(raw) >= limits.bytes:
            break
    return bytes(raw[: limits.bytes])


def _read(
    pieces: Iterator[bytes], headers: Mapping[str, str], limits: Limits, end: float
) -> tuple[bytes, bytes]:
    """Return the body as it came and decoded, each within the limits."""
    encoding = headers.get("content-encoding", "").strip().lower()
    if encoding not in ("", "identity", "gzip", "x-gzip"):
        raise Refused(f"It is encoded as {encoding[:20]}, which was not asked for.")
    unzip = zlib.decompressobj(31) if "gzip" in encoding else None
    raw, body = bytearray(), bytearray()
    too_large = Refused(f"It is larger than {limits.bytes // 1_000_000} MB.")
    for piece in pieces:
        _left(end)
        raw += piece
        if len(raw) > limits.bytes:
            raise too_large
        if unzip is None:
            continue
        try:
            body += unzip.decompress(piece, limits.bytes + 1 - len(body))
        except zlib.error:
            raise Refused("It says to be gzip, and is not.") from None
        if len(body) > limits.bytes or unzip.unconsumed_tail:
            raise too_large
    if unzip is not None and raw and not unzip.eof:
        raise Unreachable("connection", "The answer broke off.")
    return bytes(raw), bytes(body) if unzip is not None else bytes(raw)
