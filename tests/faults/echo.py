"""A bare site for the tests of the server before ours: says what it was asked."""

from collections.abc import Callable, Iterable


def application(environ: dict, start_response: Callable) -> Iterable[bytes]:
    body = environ["wsgi.input"].read()
    told = f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']} {len(body)};".encode()
    start_response("200 OK", [("Content-Length", str(len(told)))])
    return [told]
