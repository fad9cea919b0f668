"""What the server is given: nothing that it would have to throw away."""

import io

import pytest

from config.wsgi import Request, without_body


class Answer:
    """A body as Django gives it, which is to be closed."""

    def __init__(self):
        self.closed = False

    def __iter__(self):
        yield b"told"

    def close(self):
        self.closed = True


@pytest.mark.parametrize(("method", "told"), [("HEAD", b""), ("GET", b"told")])
def test_a_head_is_answered_without_the_body_that_a_get_has(method, told):
    answer, started = Answer(), []

    def application(environ, start_response):
        start_response("404 Not Found", [("Content-Length", "4")])
        return answer

    given = without_body(application)(
        {"REQUEST_METHOD": method}, lambda *a: started.append(a)
    )

    assert b"".join(given) == told
    assert answer.closed is (method == "HEAD")
    assert started == [("404 Not Found", [("Content-Length", "4")])]


@pytest.mark.parametrize("charset", ["iso-8859-1", "utf-7", "utf-16", "hex", "idna"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_address_is_utf_8_whatever_charset_is_named(charset, method):
    given = {
        "REQUEST_METHOD": method,
        "QUERY_STRING": "q=%E8%87%AA+%2BAGE-",
        "CONTENT_TYPE": f"text/plain; charset={charset}",
        "wsgi.input": io.BytesIO(),
    }

    assert Request(given).GET["q"] == "自 +AGE-"
