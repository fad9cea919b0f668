"""A site whose answers are kept, and who asks it, for the tests of the cache."""

import io

from tracker.answer_cache import AnswerCache

DAY = 86_400.0


def asked(path="/", query="", method="GET", **headers):
    return {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "SCRIPT_NAME": "",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(),
        "REMOTE_ADDR": "192.0.2.1",
        "HTTP_HOST": "tracker.example",
        **{f"HTTP_{name.upper()}": value for name, value in headers.items()},
    }


class Site:
    """A site that counts its answers, and the reads of its version."""

    def __init__(self):
        self.computed = self.reads = 0
        self.version, self.now = 1, 10 * DAY
        self.headers = [("Cache-Control", "public, max-age=0, must-revalidate")]
        self.status = "200 OK"
        self.body = "x"
        self.seen = {}
        self.before_answer = lambda: None

    def __call__(self, environ, start_response):
        self.computed += 1
        self.seen = environ
        environ["tracker.route"] = "a-route"
        self.before_answer()
        body = f"{self.body} {self.computed} {environ['PATH_INFO']}".encode()
        start_response(
            self.status,
            [
                ("Content-Type", "text/html; charset=utf-8"),
                ("Content-Length", str(len(body))),
                *self.headers,
            ],
        )
        return [body]

    def read_version(self):
        self.reads += 1
        if isinstance(self.version, Exception):
            raise self.version
        return self.version

    def cache(self, most=1_000_000):
        return AnswerCache(
            self, most=most, version=self.read_version, clock=lambda: self.now
        )


def given(application, environ):
    """Return status, headers by name and body; None where no answer is given."""
    told = {}

    def start(status, headers):
        told.update(status=status, headers=dict(headers))

    pieces = application(environ, start)
    if pieces is None:
        return None
    return told["status"], told["headers"], b"".join(pieces)
