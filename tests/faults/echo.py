"""A bare site for the tests of the server before ours: says what it was asked."""

import os
import threading
import time
from collections.abc import Callable, Iterable

from config.arrivals import KEY

# Seconds, and bytes.
BUSY, LARGE = 3, 8_000_000


class Echo:
    looks = inside = 0

    def __call__(self, environ: dict, start_response: Callable) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if path == "/large":
            start_response("200 OK", [("Content-Type", "text/plain")])
            return (b"x" * 65_536 for _ in range(500))
        if path != "/at-hand/broken" and (kept := self.kept(environ, start_response)):
            return kept
        if path == "/busy":
            time.sleep(BUSY)
        if path.endswith("/inside"):
            return self.told_of_others(environ, start_response)
        if path == "/shared/large":
            start_response("200 OK", [("Content-Length", str(LARGE))])
            return [b"x" * LARGE]
        # The site leaves a body of no announced length unread.
        body = b"" if path == "/unread" else environ["wsgi.input"].read()
        told = f"{environ['REQUEST_METHOD']} {path} {len(body)};".encode()
        start_response("200 OK", [("Content-Length", str(len(told)))])
        return [told]

    def told_of_others(
        self, environ: dict, start_response: Callable
    ) -> Iterable[bytes]:
        self.inside += 1
        told = f"{self.inside} inside;".encode()
        time.sleep(float(environ["QUERY_STRING"]))
        self.inside -= 1
        start_response("200 OK", [("Content-Length", str(len(told)))])
        return [told]

    def at_hand(self) -> Callable:
        self.looks += 1
        return self.kept

    def kept(self, environ: dict, start_response: Callable) -> Iterable[bytes] | None:
        path = environ["PATH_INFO"]
        if path.startswith("/shared"):
            environ[KEY] = path
        if path == "/at-hand/broken":
            raise ValueError
        if path == "/at-hand/slow":
            time.sleep(0.4)
        if not path.startswith("/at-hand"):
            return None
        told = b"x" * LARGE if path == "/at-hand/large" else b"at hand;"
        if path == "/at-hand/look":
            thread = threading.current_thread().name
            told = f"{os.getpid()} {self.looks} {thread};".encode()
        start_response("200 OK", [("Content-Length", str(len(told)))])
        return [told]


application = Echo()
