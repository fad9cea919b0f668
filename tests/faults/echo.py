"""A bare site for the tests of the server before ours: says what it was asked."""

from collections.abc import Callable, Iterable


def application(environ: dict, start_response: Callable) -> Iterable[bytes]:
    if environ["PATH_INFO"] == "/large":
        start_response("200 OK", [("Content-Type", "text/plain")])
        return (b"x" * 65_536 for _ in range(500))
    # The site leaves a body of no announced length unread.
    unread = environ["PATH_INFO"] == "/unread"
    body = b"" if unread else environ["wsgi.input"].read()
    told = f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']} {len(body)};".encode()
    start_response("200 OK", [("Content-Length", str(len(told)))])
    return [told]
