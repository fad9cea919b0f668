"""Which answers may be kept and given to others, under which key, and in which form."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl, unquote_to_bytes, urlencode

import brotli
from django.conf import settings
from django.utils.http import parse_etags, parse_http_date_safe

from tracker import clicks

Environ = dict[str, Any]
Headers = list[tuple[str, str]]
Application = Callable[[Environ, Callable], Iterable[bytes]]

# Never kept: the desk, and how this process is.
ELSEWHERE = ("/admin", "/healthz")
# The style, script and icon of every page: three requests of each new reader.
STATIC = "/" + settings.STATIC_URL.strip("/") + "/"
# Cookies that we set. Others, of a proxy before us or of a neighbour, say nothing to us.
OWN_COOKIES = (settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME, "messages")
LONGEST_ADDRESS, LONGEST_ACCEPT = 2_000, 200
# What Django sees of a request beside its key: whom to count and how to trace it.
BESIDE_THE_KEY = frozenset(["HTTP_X_FORWARDED_FOR", "HTTP_X_REQUEST_ID"])
IN_THE_KEY = frozenset(["HTTP_HOST", "HTTP_X_FORWARDED_PROTO"])
# On the encoding an answer varies here: Django is not shown which one is taken.
VARYING = frozenset(["accept", "origin", "cookie", "accept-encoding"])
# What a client sends beside address and method. By the charset of a Content-Type
# Django would read the address, too.
SENT = ("HTTP_", "CONTENT_", "RAW_URI", "REQUEST_URI")
# They tell one client of itself, or of one moment; and what follows from the body.
PERSONAL = frozenset(["ratelimit", "ratelimit-policy", "retry-after", "x-request-id"])
DERIVED = frozenset(["etag", "content-length", "vary", "date"])
OF_A_BODY = frozenset(["Content-Type", "Content-Length", "Content-Encoding"])
# Kept beside the bytes of an answer: its key, its headers, Python's own objects.
OVERHEAD = 2_000
COMPRESSED_FROM = 500
COMPRESSED = ("text/", "application/", "image/svg+xml")


def key_of(environ: Environ) -> tuple | None:
    """Return the key of the answer to a request; None where it is never kept."""
    path = environ.get("PATH_INFO", "")
    if (
        environ["REQUEST_METHOD"] not in ("GET", "HEAD")
        or any(own in environ.get("HTTP_COOKIE", "") for own in OWN_COOKIES)
        or "HTTP_AUTHORIZATION" in environ
        or "HTTP_RANGE" in environ
        or environ.get("CONTENT_LENGTH", "") not in ("", "0")
        or path.startswith(ELSEWHERE)
    ):
        return None
    query, accept = environ.get("QUERY_STRING", ""), ""
    if len(path) + len(query) > LONGEST_ADDRESS:
        return None
    if query:
        normal = normalised(query)
        if normal is None:
            return None
        query = normal
    is_api = path.startswith("/api/")
    if is_api:
        accept = environ.get("HTTP_ACCEPT", "")
        if len(accept) > LONGEST_ACCEPT:
            return None
    return (
        environ.get("HTTP_HOST", ""),
        environ.get("wsgi.url_scheme", ""),
        environ.get("HTTP_X_FORWARDED_PROTO", ""),
        environ.get("SCRIPT_NAME", ""),
        path,
        query,
        accept,
        # Cross-origin answers say that any page may read them.
        is_api and "HTTP_ORIGIN" in environ,
    )


@lru_cache(maxsize=2_000)
def normalised(query: str) -> str | None:
    """Return one spelling of a query: escapes alike, in the order given, no clicks.

    None for one that is not UTF-8 or holds a NUL: it is refused further on.
    """
    query = clicks.without(query)
    try:
        unquote_to_bytes(query.encode("latin-1")).decode()
        pairs = parse_qsl(
            query.encode("latin-1").decode(), keep_blank_values=True, errors="strict"
        )
    except ValueError:
        return None
    if any("\0" in name or "\0" in value for name, value in pairs):
        return None
    # In the order given: pages lead on to their own address.
    return urlencode(pairs)


def seen(environ: Environ) -> Environ:
    """Return a request with nothing in it but its key, and whom to count."""
    known = BESIDE_THE_KEY | IN_THE_KEY
    shown = {
        name: value
        for name, value in environ.items()
        if name in known or not name.startswith(SENT)
    }
    if query := environ.get("QUERY_STRING"):
        shown["QUERY_STRING"] = normalised(query)
    if environ["PATH_INFO"].startswith("/api/"):
        for name in ("HTTP_ACCEPT", "HTTP_ORIGIN"):
            if name in environ:
                shown[name] = environ[name]
    return shown


def encoding_for(environ: Environ) -> str:
    """Return the encoding a client is given: “br”, “gzip”, or none."""
    accepted = environ.get("HTTP_ACCEPT_ENCODING", "")
    return _encoding(accepted) if accepted else ""


@lru_cache(maxsize=500)
def _encoding(accepted: str) -> str:
    offered = [one.partition(";") for one in accepted.lower().split(",")]
    wanted = {
        name.strip()
        for name, _, quality in offered
        if quality.replace(" ", "").rstrip("0.") != "q="
    }
    return next((one for one in ("br", "gzip") if one in wanted), "")


@dataclass(frozen=True)
class Kept:
    """An answer as it is given to everybody who takes its encoding."""

    headers: Headers
    body: bytes
    tag: str
    modified: int | None
    route: str
    size: int

    def encoded(self, encoding: str) -> Kept:
        """Return a plain answer in an encoding; as it is where that saves nothing."""
        kind = next(v for n, v in self.headers if n == "Content-Type")
        if (
            not encoding
            or len(self.body) < COMPRESSED_FROM
            or not kind.startswith(COMPRESSED)
        ):
            return self
        body = (
            brotli.compress(self.body, quality=5)
            if encoding == "br"
            else gzip.compress(self.body, 6, mtime=0)
        )
        if len(body) >= len(self.body):
            return self
        # A strong tag names one sequence of bytes.
        tag = f'{self.tag[:-1]}-{encoding}"'
        headers = [h for h in self.headers if h[0] not in ("ETag", "Content-Length")]
        headers += [("Content-Encoding", encoding), *_of(body, tag)]
        return replace(
            self, headers=headers, body=body, tag=tag, size=OVERHEAD + len(body)
        )


def _of(body: bytes, tag: str) -> Headers:
    return [("ETag", tag), ("Content-Length", str(len(body)))]


def may_be_kept(path: str, status: str, headers: Headers, *, most: int) -> bool:
    """Whether an answer says that it is for everybody, and is whole and not too large.

    What is streamed has no length, and goes to its reader as it is made. What never
    changes is kept by its reader, and may be large; static files alone are kept here
    too, where their name changes with what is in them.
    """
    told = {name.lower(): value for name, value in headers}
    length = told.get("content-length", "")
    directives = {d.strip() for d in told.get("cache-control", "").lower().split(",")}
    return (
        status.startswith("200 ")
        and "public" in directives
        and not directives & {"private", "no-store", "no-cache"}
        and path.startswith(STATIC) == ("immutable" in directives)
        and "set-cookie" not in told
        and "content-encoding" not in told
        and "content-type" in told
        # One that varies on a header which Django was not shown is a mistake of ours.
        and set(_listed(told.get("vary", ""))) <= VARYING
        and length.isdigit()
        and int(length) <= most
    )


def _listed(value: str) -> list[str]:
    return [one.strip().lower() for one in value.split(",") if one.strip()]


def keep(headers: Headers, body: bytes, *, route: str) -> Kept:
    """Return an answer of the application in the form in which it is kept.

    ``route`` names the pattern of its address, for the count of requests.
    """
    told = {name.lower(): value for name, value in headers}
    digest = hashlib.sha256(body).hexdigest()[:32]
    tag = told.get("etag") or f'"{digest}"'
    varies = [one for one in _listed(told.get("vary", "")) if one != "accept-encoding"]
    shared = [h for h in headers if h[0].lower() not in PERSONAL | DERIVED]
    shared.append(("Vary", ", ".join([*varies, "accept-encoding"])))
    return Kept(
        headers=[*shared, *_of(body, tag)],
        body=body,
        tag=tag,
        modified=parse_http_date_safe(told.get("last-modified", "")),
        route=route,
        size=OVERHEAD + len(body),
    )


def give(
    kept: Kept,
    environ: Environ,
    start_response: Callable,
    *,
    beside: Headers | None = None,
) -> Iterable[bytes]:
    """Answer with what is kept; ``beside`` holds what is for this client alone."""
    headers = kept.headers
    if beside:
        headers = headers + [h for h in beside if h[0].lower() in PERSONAL]
    if _is_held(kept, environ):
        told = [h for h in headers if h[0] not in OF_A_BODY]
        start_response("304 Not Modified", told)
        return []
    start_response("200 OK", list(headers))
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [kept.body]


def _is_held(kept: Kept, environ: Environ) -> bool:
    """Whether the client says that it holds this very answer already (RFC 9110)."""
    if tags := environ.get("HTTP_IF_NONE_MATCH"):
        if tags == kept.tag:
            return True
        plain = {tag.removeprefix("W/") for tag in parse_etags(tags)}
        return "*" in plain or kept.tag.removeprefix("W/") in plain
    since = environ.get("HTTP_IF_MODIFIED_SINCE")
    if not since or kept.modified is None:
        return False
    held = parse_http_date_safe(since)
    return held is not None and kept.modified <= held
