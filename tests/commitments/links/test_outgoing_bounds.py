"""What is asked elsewhere ends: by its way, its size, its form and its time."""

import gzip
import time

import pytest

from commitments import outgoing


def test_an_answer_comes_with_its_way(web):
    web.pages["a.test/"] = (301, {"Location": "http://b.test/x"}, b"")
    web.pages["b.test/x"] = (200, {"X-One": "1"}, b"body")

    answer = outgoing.get("http://a.test/")

    assert (answer.url, answer.status, answer.body) == ("http://b.test/x", 200, b"body")
    assert answer.headers["x-one"] == "1"
    assert [hop.status for hop in answer.hops] == [301, 200]
    assert answer.moved_to == "http://b.test/x"


def test_redirects_end_after_five(web):
    for n in range(9):
        web.pages[f"a.test/{n}"] = (302, {"Location": f"/{n + 1}"}, b"")

    with pytest.raises(outgoing.Refused, match="more than 5"):
        outgoing.get("http://a.test/0")

    assert sum(web.asked.values()) == 6


def test_https_never_falls_back_to_http():
    with pytest.raises(outgoing.Refused, match="https to http"):
        outgoing._next("https://a.test/", "http://a.test/x")


def test_a_body_beyond_the_limit_is_refused(web):
    web.pages["a.test/"] = b"x" * 2000

    with pytest.raises(outgoing.Refused, match="larger"):
        outgoing.get("http://a.test/", limits=outgoing.Limits(bytes=1000))


def test_an_endless_body_is_refused(web):
    def endless(handler):
        handler.send_response(200)
        handler.end_headers()
        while True:
            handler.wfile.write(b"x" * 65536)

    web.pages["a.test/"] = endless

    with pytest.raises(outgoing.Refused, match="larger"):
        outgoing.get("http://a.test/")


def test_a_compressed_bomb_is_refused_before_it_unfolds(web):
    bomb = gzip.compress(b"\0" * 200_000_000)
    web.pages["a.test/"] = (200, {"Content-Encoding": "gzip"}, bomb)

    with pytest.raises(outgoing.Refused, match="larger"):
        outgoing.get("http://a.test/")


def test_gzip_is_read_and_other_encodings_are_not(web):
    web.pages["a.test/"] = (200, {"Content-Encoding": "gzip"}, gzip.compress(b"ok"))
    web.pages["a.test/br"] = (200, {"Content-Encoding": "br"}, b"??")
    web.pages["a.test/not"] = (200, {"Content-Encoding": "gzip"}, b"not at all")

    assert outgoing.get("http://a.test/").body == b"ok"
    for path in ("br", "not"):
        with pytest.raises(outgoing.Refused):
            outgoing.get(f"http://a.test/{path}")


def dripping(handler):
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
    for n in range(400):
        handler.wfile.write(f"X-{n}: 1\r\n".encode())
        time.sleep(0.05)


def dripping_body(handler):
    handler.send_response(200)
    handler.end_headers()
    for _ in range(400):
        handler.wfile.write(b"x")
        time.sleep(0.05)


def silent(handler):
    time.sleep(20)


@pytest.mark.parametrize("page", [dripping, dripping_body, silent])
def test_the_deadline_holds_whatever_the_server_does(web, page):
    web.pages["a.test/"] = page
    started = time.monotonic()

    with pytest.raises(outgoing.Unreachable) as raised:
        outgoing.get("http://a.test/", limits=outgoing.Limits(seconds=1))

    assert raised.value.kind == "timeout"
    assert time.monotonic() - started < 15


def test_what_does_not_answer_is_told_apart(web):
    def broken(handler):
        handler.wfile.write(b"what?\r\n\r\n")

    web.pages["a.test/"] = broken
    kinds = {}
    for url in ("http://a.test/", "http://x.nowhere/", "https://a.test/"):
        with pytest.raises(outgoing.Unreachable) as raised:
            outgoing.get(url)
        kinds[url] = raised.value.kind

    assert list(kinds.values()) == ["connection", "dns", "tls"]


def test_a_body_is_sent_as_it_is_and_no_redirect_followed(web):
    arrived = {}

    def take(handler):
        length = int(handler.headers["Content-Length"])
        arrived.update(handler.headers, body=handler.rfile.read(length))
        web.play(handler, (307, {"Location": "http://b.test/"}, b"elsewhere"))

    web.pages["a.test/hook"] = take

    answer = outgoing.post("http://a.test/hook", body=b"\0{}", headers={"X-One": "1"})

    assert (answer.status, answer.body) == (307, b"elsewhere")
    assert (arrived["body"], arrived["X-One"]) == (b"\0{}", "1")
    assert sum(web.asked.values()) == 1


def test_of_an_answer_to_a_post_only_the_beginning_is_read(web):
    web.pages["a.test/"] = b"x" * 10_000_000

    answer = outgoing.post("http://a.test/", body=b"", limits=outgoing.Limits(bytes=9))

    assert answer.body == b"x" * 9


@pytest.mark.parametrize("page", [dripping, dripping_body, silent])
def test_the_deadline_of_a_post_holds_too(web, page):
    web.pages["a.test/"] = page

    with pytest.raises(outgoing.Unreachable) as raised:
        outgoing.post("http://a.test/", body=b"x", limits=outgoing.Limits(seconds=0.5))

    assert raised.value.kind == "timeout"
