"""Answers to readers: the tracker beside plain DRF, Datasette and the floor.

All servers run at once, one worker of four threads each (Datasette as it comes), and
are asked in turn, so that whatever else the machine does falls on all alike.
"""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import subprocess
import sys
import urllib.request
from base64 import b64decode, b64encode
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote, urlencode

from bench import record
from bench.serving import (
    OURS,
    Measured,
    Server,
    free_port,
    granian,
    gunicorn,
    load,
    request,
)

SEARCH = "semiconductors"


@dataclass(frozen=True)
class Asked:
    """One question to one server; what it costs is compared with the others."""

    who: str
    server: str
    path: str
    lines: tuple[str, ...] = ()
    status: int = 200


@dataclass(frozen=True)
class Row:
    """A line of the table: the same thing asked of several servers."""

    what: str
    asked: tuple[Asked, ...]
    # (of whom, against whom, how many times less CPU): what is aimed at.
    aims: tuple[tuple[str, str, float], ...] = ()


def environment(folder: Path) -> dict[str, str]:
    """Return the settings of production, on loopback and without limits of rate."""
    return {
        "DATABASE_URL": os.environ["DATABASE_URL"],
        "SECRET_KEY": "bench-only-not-a-secret-but-long-enough-to-be-one",
        "DEBUG": "off",
        "TRACKER_SECURE": "off",
        "ALLOWED_HOSTS": "127.0.0.1",
        "TRACKER_DATA_DIR": str(folder),
        "TRACKER_STATIC_ROOT": str(folder / "static"),
        "TRACKER_API_RATE": "0",
        "TRACKER_API_KEY_RATE": "0",
        "REDIS_URL": "redis://127.0.0.1:1/0",
    }


@contextmanager
def servers(database: int | None) -> Iterator[dict[str, Server]]:
    """Start every server on the database that DATABASE_URL names."""
    folder = record.folder() / "run"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    settings = environment(folder)
    os.environ |= settings
    subprocess.run(
        [sys.executable, "manage.py", "collectstatic", "--noinput", "-v", "0"],
        check=True,
    )
    off = {"TRACKER_CACHE_MB": "0"}
    plain = {"DJANGO_SETTINGS_MODULE": "bench.plain_settings"}
    found = {
        "tracker": gunicorn("tracker", OURS, {}, database),
        "uncached": gunicorn("tracker, no cache", OURS, off, database),
        "drf": gunicorn("plain DRF", "bench.plain:application", plain, database),
        "granian": granian("on granian", {}, database),
        "granian, uncached": granian("on granian, no cache", off, database),
        "floor": gunicorn("floor", "bench.floor:application", {}, database),
    }
    if database is None:
        found["datasette"] = datasette(os.environ["DATABASE_URL"])
    with ExitStack() as stack:
        for server in found.values():
            stack.callback(server.stop)
            server.start()
        yield found


def datasette(url: str) -> Server:
    """Return Datasette on the same file, opened as its users would."""
    port, path = free_port(), url.removeprefix("sqlite:///")
    program = str(Path(sys.executable).with_name("datasette"))
    command = [program, "serve", path, "--port", str(port)]
    command += ["--setting", "sql_time_limit_ms", "60000"]
    command += ["--setting", "default_page_size", "25"]
    return Server("Datasette", command, port)


def table(name: str) -> str:
    return f"/{Path(os.environ['DATABASE_URL']).stem}/commitments_{name}.json"


def fetched(server: Server, path: str) -> tuple[bytes, str]:
    """Return body and tag of an answer, read once."""
    with urllib.request.urlopen(f"http://127.0.0.1:{server.port}{path}") as answer:
        return answer.read(), answer.headers.get("ETag", "")


def rows(found: dict[str, Server], commitments: int) -> list[Row]:
    """Return the lines of the table, with the aims of each."""
    api, slug = "/api/v1/commitments/", f"commitment-{commitments // 2}"
    last = _last_page(found["uncached"], api)
    _, tag = fetched(found["tracker"], api)
    drf_last = f"/commitments/?page={-(-commitments // 25)}"
    half = 2 * commitments
    with_datasette = "datasette" in found
    cold = 15 if with_datasette else 10

    def beside(*asked: Asked, path: str = "") -> tuple[Asked, ...]:
        extra = (Asked("Datasette", "datasette", path),) if with_datasette else ()
        return (*asked, *(extra if path else ()))

    lists = table("commitment") + "?_size=25&_shape=objects"
    return [
        Row(
            "API list of 25",
            beside(
                Asked("warm", "tracker", api),
                Asked("cold", "uncached", api),
                Asked("plain DRF", "drf", "/commitments/"),
                Asked("floor: SQL", "floor", "/list"),
                Asked("floor: bytes", "floor", "/bytes"),
                path=lists,
            ),
            (
                ("warm", "plain DRF", 150),
                ("warm", "Datasette", 35),
                ("cold", "plain DRF", cold),
            ),
        ),
        Row(
            "API detail",
            beside(
                Asked("warm", "tracker", f"{api}{slug}/"),
                Asked("cold", "uncached", f"{api}{slug}/"),
                Asked("plain DRF", "drf", f"/commitments/{slug}/"),
                path=table("commitment").replace(
                    ".json", f"/{commitments // 2}.json?_shape=objects"
                ),
            ),
            (("warm", "plain DRF", 100), ("cold", "plain DRF", 10)),
        ),
        Row(
            "last page",
            (
                Asked("cold", "uncached", last),
                Asked("first page", "uncached", api),
                Asked("plain DRF", "drf", drf_last),
            ),
            (("cold", "first page", 0.8),),
        ),
        Row(
            "If-None-Match, 304",
            (
                Asked("warm", "tracker", api, (f"If-None-Match: {tag}",), 304),
                Asked("floor: one query", "floor", "/one"),
            ),
            (("warm", "floor: one query", 1 / 1.3),),
        ),
        Row(
            "search",
            beside(
                Asked("cold", "uncached", f"{api}?q={SEARCH}"),
                Asked("warm", "tracker", f"{api}?q={SEARCH}"),
                Asked("plain DRF", "drf", f"/commitments/?q={SEARCH}"),
                path=_datasette_search(),
            ),
            (("cold", "plain DRF", 50), ("cold", "Datasette", 1)),
        ),
        Row(
            "changes feed of 100",
            beside(
                Asked("cold", "uncached", f"/api/v1/changes/?after={half}"),
                Asked("warm", "tracker", f"/api/v1/changes/?after={half}"),
                Asked("plain DRF", "drf", f"/changes/?page={half // 100 + 1}"),
                path=table("historyentry") + f"?_size=100&seq__gt={half}",
            ),
            (("cold", "plain DRF", 15),),
        ),
        Row(
            "commitment list (HTML)",
            (
                Asked("warm", "tracker", "/commitments/"),
                Asked("cold", "uncached", "/commitments/"),
                Asked("plain ListView of 25", "drf", "/list/"),
                # As many as ours shows.
                Asked("plain ListView of 200", "drf", "/list/?rows=200"),
            ),
            (
                ("warm", "plain ListView of 25", 150),
                ("cold", "plain ListView of 25", 5),
                ("cold", "plain ListView of 200", 5),
            ),
        ),
        Row(
            "web server",
            (
                Asked("gunicorn, warm", "tracker", api),
                Asked("granian, warm", "granian", api),
                Asked("gunicorn, cold", "uncached", api),
                Asked("granian, cold", "granian, uncached", api),
            ),
        ),
        Row(
            "home page",
            (Asked("warm", "tracker", "/"), Asked("cold", "uncached", "/")),
        ),
        Row(
            "counts (API stats)",
            (
                Asked("warm", "tracker", "/api/v1/stats/"),
                Asked("cold", "uncached", "/api/v1/stats/"),
            ),
        ),
    ]


def _last_page(server: Server, api: str) -> str:
    """Return the address of the last page, as following the links would lead to it."""
    count = json.loads(fetched(server, f"{api}count/")[0])["count"]
    first = json.loads(fetched(server, f"{api}?limit=1")[0])["next"]
    cursor = re.search(r"cursor=([^&]+)", first)
    assert cursor
    # A cursor holds the key after which its page begins: pillar and running number.
    place = b64decode(unquote(cursor[1])).decode()
    in_a_pillar = -(-count // max(4, -(-count // 9_999)))
    pillar, running = divmod((count - 1) // 25 * 25 - 1, in_a_pillar)
    wanted = place.replace("p=10001", f"p={(pillar + 1) * 10_000 + running + 1}")
    return f"{api}?cursor={quote(b64encode(wanted.encode()).decode())}"


def _datasette_search() -> str:
    sql = (
        f"select id, title from commitments_commitment where title like '%{SEARCH}%' or "
        f"statement like '%{SEARCH}%' or id in (select h.commitment_id from "
        "commitments_historytext t join commitments_historyentry h on h.seq = "
        f"t.entry_id where t.reason like '%{SEARCH}%') limit 25"
    )
    return f"/{Path(os.environ['DATABASE_URL']).stem}.json?" + (
        urlencode({"sql": sql, "_shape": "objects"})
    )


def measure(
    found: dict[str, Server], rows: list[Row], *, rounds: int, seconds: float
) -> list[tuple[Row, dict[str, Measured]]]:
    """Ask every question in turn, round after round; return what each cost."""
    results = [(row, {a.who: Measured() for a in row.asked}) for row in rows]
    for turn in range(rounds):
        for row, into in results:
            asked = list(row.asked)
            random.Random(turn).shuffle(asked)
            for one in asked:
                server = found[one.server]
                load(
                    server,
                    request(one.path, server.port, *one.lines),
                    seconds=seconds,
                    into=into[one.who],
                    status=one.status,
                )
    return results


def shown(results: list[tuple[Row, dict[str, Measured]]]) -> list[dict]:
    """Print the table; return it as plain values."""
    print(
        f"{'':24}{'':18}{'req/s':>9}{'p50 ms':>9}{'p99 ms':>9}{'CPU us':>10}"
        f"{'peak MiB':>10}"
    )
    told = []
    for row, into in results:
        line: dict = {"what": row.what, "servers": {}, "ratios": []}
        for number, (who, one) in enumerate(into.items()):
            print(
                f"{row.what if not number else '':24}{who:18}{one.rate:9.0f}"
                f"{one.percentile(0.5):9.2f}{one.percentile(0.99):9.2f}"
                f"{one.cost:10.0f}{one.peak:10.0f}"
            )
            line["servers"][who] = one.told()
        for who, against, aim in row.aims:
            if against not in into:
                continue
            ratio = into[against].cost / into[who].cost
            reached = "reached" if ratio >= aim else "NOT reached"
            print(f"{'':24}{who} : {against} = {ratio:.2f} (aim {aim:.2f}, {reached})")
            line["ratios"].append([who, against, round(ratio, 2), aim])
        told.append(line)
    return told
