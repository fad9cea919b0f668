"""The web server as it is configured, asked by those who mean no good, over sockets."""

import pytest

from tests.faults.servers import ask, serving, statuses

HOST = b"Host: x\r\n"
POST = b"POST /open HTTP/1.1\r\n" + HOST
CHUNKED = b"Transfer-Encoding: chunked\r\n"
HIDDEN = b"GET /hidden HTTP/1.1\r\nHost: x\r\n\r\n"
AMBIGUOUS = {
    "both lengths": POST + CHUNKED + b"Content-Length: 4\r\n\r\n0\r\n\r\n" + HIDDEN,
    "both, the other way": POST
    + b"Content-Length: %d\r\n" % (5 + len(HIDDEN))
    + CHUNKED
    + b"\r\n0\r\n\r\n"
    + HIDDEN,
    "two lengths": POST
    + b"Content-Length: 0\r\nContent-Length: %d\r\n\r\n" % len(HIDDEN)
    + HIDDEN,
    "a list of lengths": POST + b"Content-Length: 0, 5\r\n\r\n" + HIDDEN,
    "a signed length": POST + b"Content-Length: +0\r\n\r\n" + HIDDEN,
    "a length with a bar": POST + b"Content-Length: 0_0\r\n\r\n" + HIDDEN,
    "a space before the colon": POST
    + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n"
    + HIDDEN,
    "an unknown coding": POST
    + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"
    + HIDDEN,
    "chunked, then not": POST
    + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n"
    + HIDDEN,
    "a folded header": POST
    + b"Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n"
    + HIDDEN,
    "a line feed alone in a header": POST
    + b"X: a\nTransfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n"
    + HIDDEN,
    "line feeds alone": b"POST /open HTTP/1.1\nHost: x\nContent-Length: 0\n\n"
    + HIDDEN.replace(b"\r", b""),
    "a NUL in a header": POST + b"X: a\x00b\r\nContent-Length: 0\r\n\r\n" + HIDDEN,
    "a carriage return in a header": POST + b"X: a\rContent-Length: 0\r\n\r\n" + HIDDEN,
    "a chunk of odd size": POST + CHUNKED + b"\r\n0x0\r\n\r\n" + HIDDEN,
    "a chunk of negative size": POST + CHUNKED + b"\r\n-1\r\n\r\n" + HIDDEN,
    "a chunk that ends on a line feed": POST + CHUNKED + b"\r\n0\n\r\n" + HIDDEN,
    "a header of no name": POST + b": x\r\nContent-Length: 0\r\n\r\n" + HIDDEN,
    "an old version with a coding": b"POST /open HTTP/1.0\r\n"
    + HOST
    + CHUNKED
    + b"\r\n0\r\n\r\n"
    + HIDDEN,
}
TOO_MUCH = {
    "a long line": b"GET /" + b"x" * 9000 + b" HTTP/1.1\r\n" + HOST + b"\r\n",
    "a long header": b"GET / HTTP/1.1\r\nX: " + b"x" * 9000 + b"\r\n\r\n",
    "many headers": b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 200 + b"\r\n",
}


@pytest.fixture(scope="module")
def port(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("server")) as port:
        yield port


def test_what_is_meant_plainly_is_answered_one_by_one(port):
    """The control: the hidden request of the cases below would be seen."""
    got = ask(port, POST + b"Content-Length: 0\r\n\r\n" + HIDDEN)
    assert b"POST /open 0;" in got
    chunked = ask(port, POST + CHUNKED + b"\r\n3\r\nabc\r\n0\r\n\r\n")
    assert b"POST /open 3;" in chunked
    assert b"GET /hidden 0;" in ask(port, HIDDEN)


@pytest.mark.parametrize("case", AMBIGUOUS)
def test_what_two_servers_could_read_differently_is_refused(port, case):
    got = ask(port, AMBIGUOUS[case])

    assert b"/hidden" not in got
    answered = statuses(got)
    assert len(answered) <= 1 and not [s for s in answered if s < 400], got


@pytest.mark.parametrize("name", [b"SCRIPT_NAME", b"Script_Name", b"SCRIPT-NAME"])
def test_no_client_says_under_which_path_the_site_lies(port, name):
    got = ask(port, b"GET /x/hidden HTTP/1.1\r\nHost: x\r\n" + name + b": /x\r\n\r\n")

    assert b"GET /x/hidden 0;" in got


@pytest.mark.parametrize("case", TOO_MUCH)
def test_what_is_larger_than_any_request_is_refused(port, case):
    answered = statuses(ask(port, TOO_MUCH[case]))

    assert len(answered) == 1 and 400 <= answered[0] < 500
