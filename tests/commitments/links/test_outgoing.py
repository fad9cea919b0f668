"""Requests go to public addresses alone, and end when they must."""

import ast
import socket
from pathlib import Path
from unittest import mock

import pytest

from commitments import outgoing

ROOT = Path(__file__).parents[3]
# Each names the machine itself, its network, or something that is no host at all.
ADDRESSES = [
    "127.0.0.1",
    "127.1",
    "127.0.1",
    "127.255.255.254",
    "0.0.0.0",
    "0",
    "0x7f.1",
    "0x7f000001",
    "0177.0.0.1",
    "017700000001",
    "2130706433",
    "10.0.0.1",
    "10.255.255.255",
    "100.64.0.1",
    "100.127.255.254",
    "169.254.169.254",
    "169.254.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.0.170",
    "192.0.2.1",
    "192.31.196.1",
    "192.52.193.1",
    "192.88.99.1",
    "192.168.0.1",
    "192.168.255.255",
    "192.175.48.1",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "[::]",
    "[::1]",
    "[::127.0.0.1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:10.0.0.1]",
    "[::ffff:7f00:1]",
    "[::ffff:0:127.0.0.1]",
    "[::ffff:169.254.169.254]",
    "[64:ff9b::127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[64:ff9b:1::1]",
    "[100::1]",
    "[2001::1]",
    "[2001:0:7f00:1::]",
    "[2001:10::1]",
    "[2001:db8::1]",
    "[2002:7f00:1::]",
    "[2002:a00:1::]",
    "[3fff::1]",
    "[5f00::1]",
    "[fc00::1]",
    "[fd00::1]",
    "[fd00:ec2::254]",
    "[fe80::1]",
    "[fe80::1%25eth0]",
    "[fec0::1]",
    "[ff02::1]",
    "[4000::1]",
    "[::7f00:1]",
]
URLS = [
    "file:///etc/passwd",
    "ftp://example.org/",
    "gopher://example.org/",
    "javascript:alert(1)",
    "data:text/html,x",
    "jar:http://example.org!/",
    "dict://example.org:11211/",
    "ldap://example.org/",
    "HTTP+UNIX://%2Fvar%2Frun%2Fdocker.sock/",
    "//example.org/",
    "example.org",
    "",
    "http://",
    "http:///x",
    "http://user@example.org/",
    "http://user:word@example.org/",
    "http://example.org@127.0.0.1/",
    "http://127.0.0.1\\@example.org/",
    "http://example.org\\.evil.org/",
    "http://example.org:0/",
    "http://example.org:22/",
    "http://example.org:6379/",
    "http://example.org:8080/",
    "http://example.org:99999/",
    "http://example.org:-1/",
    "http://example.org:x/",
    "http://exa mple.org/",
    "http://example.org/\r\nX: y",
    "http://example.org/\x00",
    "http://example.org/\x7f",
    "http://[::1",
    "http://::1/",
    "http://[1:2:3:4:5:6:7:8:9]/",
    "http://[fe80::1%eth0]/",
    "http://example.org/" + "x" * 2000,
]


def hostile():
    for address in ADDRESSES:
        for scheme in ("http", "https"):
            yield f"{scheme}://{address}/latest/meta-data/"
        yield f"http://{address}:80/"
    yield from URLS


HOSTILE = list(hostile())


def test_there_are_enough_of_them():
    assert len(set(HOSTILE)) >= 200


@pytest.fixture
def no_connection(monkeypatch):
    """Fail where a connection is tried: names lead to themselves alone."""

    def refuse(*args, **kwargs):
        raise AssertionError("A connection was tried.")

    monkeypatch.setattr(outgoing.httpcore2.SyncBackend, "connect_tcp", refuse)


def post(url):
    return outgoing.post(url, body=b"{}")


@pytest.mark.parametrize("ask", [outgoing.get, post])
@pytest.mark.parametrize("url", HOSTILE)
def test_a_hostile_address_is_refused_without_a_connection(url, ask, no_connection):
    with pytest.raises((outgoing.Refused, outgoing.Unreachable)) as raised:
        ask(url)

    # What is no number to us may be one to a resolver; none was dialled either way.
    assert raised.type is outgoing.Refused or raised.value.kind == "dns"


def test_a_host_that_two_parsers_read_in_two_ways_is_refused():
    with pytest.raises(outgoing.Refused, match="two ways"):
        outgoing.check_url("http://exa^mple.org/")


@pytest.mark.parametrize(
    "address", ["11.0.0.1", "8.8.8.8", "172.32.0.1", "100.128.0.1", "2606:4700::1"]
)
def test_a_public_address_is_not(address):
    assert outgoing.check_address(address) == address


@pytest.mark.parametrize("address", [a for a in ADDRESSES if "%" not in a])
def test_a_redirect_to_a_hostile_address_is_refused(web, address):
    web.pages["a.test/"] = (302, {"Location": f"http://{address}/"}, b"")

    with web_names_alone(web), pytest.raises((outgoing.Refused, outgoing.Unreachable)):
        outgoing.get("http://a.test/")

    assert sum(web.asked.values()) == 1


def web_names_alone(web):
    """Resolve numbers as the system does, and only names by the played web."""

    def resolve(host, port):
        if host.endswith(".test"):
            return web.resolve(host, port)
        return [str(entry[4][0]) for entry in socket.getaddrinfo(host, port)]

    return mock.patch.object(outgoing, "resolve", resolve)


def resolving(*answers):
    return mock.patch.object(outgoing, "resolve", mock.Mock(side_effect=answers))


@pytest.mark.parametrize("ask", [outgoing.get, post])
def test_a_name_with_one_private_address_is_refused(web, ask):
    with (
        resolving(["11.0.0.1", "10.0.0.1"]),
        pytest.raises(outgoing.Refused, match=r"10\.0\.0\.1"),
    ):
        ask("http://a.test/")


def test_a_name_that_turns_private_after_the_redirect_is_refused(web):
    web.pages["a.test/"] = (302, {"Location": "http://a.test/again"}, b"")

    with (
        resolving(["11.0.0.1"], ["127.0.0.1"]),
        pytest.raises(outgoing.Refused, match=r"127\.0\.0\.1"),
    ):
        outgoing.get("http://a.test/")


def test_the_connection_goes_to_the_address_that_was_checked(web):
    dialled = []

    def dial(address, port):
        dialled.append(address)
        return "127.0.0.1", web.port

    web.pages["a.test/"] = b"x"

    with mock.patch.object(outgoing, "dial", dial):
        outgoing.get("http://a.test/")

    assert dialled == [web.address("a.test")]


FORBIDDEN = {
    *("httpx", "httpx2", "httpcore", "httpcore2", "requests", "urllib3", "aiohttp"),
    *("urllib.request", "http.client", "ftplib", "telnetlib", "socket"),
}
# The supervisor of `make run` looks at its own site, broker and port; the web server's
# worker takes connections in.
MAY = {"commitments/outgoing.py", "config/embedded.py", "config/arrivals.py"}


def imported(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_no_other_module_makes_requests():
    found = {
        f"{path.relative_to(ROOT)}: {name}"
        for folder in ("commitments", "tracker", "config")
        for path in (ROOT / folder).rglob("*.py")
        for name in imported(path)
        if name in FORBIDDEN and str(path.relative_to(ROOT)) not in MAY
    }

    assert not found
