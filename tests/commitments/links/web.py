"""A small web on loopback: every host of it is a name, every answer is played."""

from __future__ import annotations

import threading
import time
from collections import Counter, defaultdict
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from unittest import mock

from commitments import outgoing
from commitments.models import Link
from tests.factories import EvidenceFactory

TEXT = (
    "The Customs Tariff Commission of the State Council decided that goods of 100 % "
    "of tariff lines from the least developed countries enter at a zero tariff. "
)


def html(text, *, title="Notice", menu="Home"):
    paragraphs = "".join(f"<p>{part}</p>" for part in text.split("\n"))
    return (
        f"<!doctype html><html><head><title>{title}</title></head><body><nav><ul>"
        f"<li><a href='/'>{menu}</a></li></ul></nav><article><h1>{title}</h1>"
        f"{paragraphs}</article></body></html>"
    ).encode()


def article(extra="", **options):
    return html(TEXT * 3 + "\n" + TEXT[::1] + extra, **options)


class Web:
    """``pages`` maps "host/path" to bytes, a status, a tuple or a function."""

    def __init__(self):
        self.pages = {}
        self.asked = Counter()
        self.at_once = defaultdict(int)
        self.most_at_once = Counter()
        self.conditions = []
        self.delay = 0.0
        self.addresses = {}
        self._lock = threading.Lock()

    def address(self, host):
        with self._lock:
            number = len(self.addresses) + 1
            found = f"11.0.{number // 250}.{number % 250 + 1}"
            return self.addresses.setdefault(host, found)

    def resolve(self, host, port):
        if host.endswith(".nowhere"):
            raise OSError("Name or service not known")
        return [self.address(host)]

    def answer(self, handler):
        host = handler.headers["Host"].split(":")[0]
        place = f"{host}{handler.path}"
        with self._lock:
            self.asked[place] += 1
            self.at_once[host] += 1
            self.most_at_once[host] = max(self.most_at_once[host], self.at_once[host])
            self.most_at_once["all"] = max(
                self.most_at_once["all"], sum(self.at_once.values())
            )
            self.conditions.append(handler.headers.get("If-None-Match"))
        try:
            time.sleep(self.delay)
            page = self.pages.get(place, 404)
            if handler.path == "/robots.txt" and page == 404:
                page = (404, {}, b"")
            self.play(handler, page)
        finally:
            with self._lock:
                self.at_once[host] -= 1

    def play(self, handler, page):
        if callable(page):
            return page(handler)
        if isinstance(page, int):
            page = (page, {}, html("Nothing."))
        if isinstance(page, bytes):
            page = (200, {}, page)
        status, headers, body = page
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request, client_address):
        """A client that hangs up is what some of the tests are about."""


@contextmanager
def played():
    """Run the web, and lead all that ``outgoing`` asks for to it."""
    web = Web()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            with suppress(BrokenPipeError, ConnectionResetError):
                web.answer(self)
            self.close_connection = True

        do_POST = do_GET

        def log_message(self, *args):
            pass

    server = Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    web.port = server.server_address[1]
    with (
        mock.patch.object(outgoing, "resolve", web.resolve),
        mock.patch.object(
            outgoing, "dial", lambda address, port: ("127.0.0.1", web.port)
        ),
    ):
        try:
            yield web
        finally:
            server.shutdown()
            server.server_close()


def document(path="x", host="a.test"):
    return EvidenceFactory(url=f"http://{host}/{path}")


def link(evidence):
    return Link.objects.get(evidence=evidence)
