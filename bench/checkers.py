"""The checkers that are measured, each run as a process of its own.

``python -m bench.checkers NAME PORT HOSTS EACH`` prints nothing; exit 0 means that
every link was checked and found.
"""

import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

THREADS = 32


def addresses(port: int, hosts: int, each: int) -> list[str]:
    """Return the links; every host is a loopback address of its own."""
    return [
        f"http://127.1.{host // 250}.{host % 250 + 1}:{port}/{path}"
        for path in range(each)
        for host in range(hosts)
    ]


def requests_pool(urls: list[str]) -> bool:
    import requests

    def check(url: str) -> bool:
        return requests.get(url, timeout=30).status_code == 200

    with ThreadPoolExecutor(THREADS) as pool:
        return all(pool.map(check, urls))


def linkchecker(urls: list[str]) -> bool:
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    links = "".join(f"<a href='{url}'>link</a>\n" for url in urls)
    (folder / "links.html").write_text(f"<html><body>{links}</body></html>")
    settings = folder / "linkcheckerrc"
    # Its own pace per host would be ten a second; here nobody is to be spared.
    settings.write_text("[checking]\nmaxrequestspersecond=10000\n")
    for path in folder.iterdir():
        path.chmod(0o644)
    program = Path(sys.executable).with_name("linkchecker")
    command = [program, "-f", settings, "--check-extern", "-r1", "-q", "-Fcsv"]
    command += ["--threads", str(THREADS), "--no-warnings", folder / "links.html"]
    os.chdir(folder)
    return subprocess.run(command, check=False).returncode == 0


def tracker(port: int, hosts: int, each: int) -> bool:
    """Check with the product itself, on the database that DATABASE_URL names."""
    import django

    django.setup()
    from django.conf import settings
    from django.utils import timezone

    from commitments import outgoing, services
    from commitments.models import Evidence, Host, Link

    settings.HOST_PAUSE = 0
    count = hosts * each
    if not Evidence.objects.exists():
        Evidence.objects.bulk_create(
            Evidence(
                slug=f"e-{n}",
                title=f"Document {n}",
                publisher="Publisher",
                url=f"http://h{n % hosts}.example/{n // hosts}",
                page_key=f"h{n % hosts}.example/{n // hosts}",
                occurred_on="2026-01-01",
                type="news",
                nature="action",
                reliability="medium",
                summary="What it shows.",
            )
            for n in range(count)
        )

    def resolve(host: str, _: int) -> list[str]:
        number = int(host.split(".")[0][1:])
        return [f"11.1.{number // 250}.{number % 250 + 1}"]

    def dial(address: str, _: int) -> tuple[str, int]:
        return address.replace("11.", "127.", 1), port

    outgoing.resolve, outgoing.dial = resolve, dial
    Link.objects.update(due_at=timezone.now())
    Host.objects.update(next_at=timezone.now())
    counts = services.check_links(clock=timezone.now, seconds=600, threads=THREADS)
    return counts["ok"] == count


def main(name: str, port: int, hosts: int, each: int) -> int:
    if name == "tracker":
        return 0 if tracker(port, hosts, each) else 1
    checker = {"requests": requests_pool, "linkchecker": linkchecker}[name]
    return 0 if checker(addresses(port, hosts, each)) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], *map(int, sys.argv[2:5])))
