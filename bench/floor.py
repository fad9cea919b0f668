"""The floor: the least a server in Python can do for an answer.

``/one`` asks the database for one number; ``/list`` reads 25 rows by hand-written SQL
and writes them as JSON; ``/bytes`` answers what never changes. Run by
``gunicorn bench.floor:application``.
"""

import os
import threading

import orjson

URL = os.environ["DATABASE_URL"]
ONE = "SELECT number FROM commitments_dataversion WHERE id = 1"
LIST = (
    "SELECT id, slug, ref, title, title_zh, statement, status, status_since, due_on, "
    "official_position FROM commitments_commitment WHERE standing = 'published' "
    "ORDER BY ref_order LIMIT 25"
)
BYTES = orjson.dumps([{"slug": f"commitment-{n}", "ref": n} for n in range(400)])
kept = threading.local()


def connection():
    if not hasattr(kept, "connection"):
        if URL.startswith("sqlite"):
            import sqlite3

            kept.connection = sqlite3.connect(
                URL.removeprefix("sqlite:///"), isolation_level=None
            )
        else:
            import psycopg

            kept.connection = psycopg.connect(
                URL.replace("postgres://", "postgresql://"), autocommit=True
            )
    return kept.connection


def application(environ, start_response):
    if environ["PATH_INFO"] == "/bytes":
        body = BYTES
    elif environ["PATH_INFO"] == "/one":
        body = str(connection().execute(ONE).fetchone()[0]).encode()
    else:
        body = orjson.dumps(connection().execute(LIST).fetchall())
    headers = [
        ("Content-Type", "application/json"),
        ("Content-Length", str(len(body))),
    ]
    start_response("200 OK", headers)
    return [body]
