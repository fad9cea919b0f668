"""Take pictures of every page: `make screenshots`.

Starts the tracker on a database of its own with the shipped catalogue, lets three
made-up colleagues do a few things through the services, and photographs the pages
below at three widths, light and dark, into var/screenshots/. With ``--docs`` it
takes only the pictures of the curation guide, into docs/screenshots/.
"""

from __future__ import annotations

import argparse
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from datetime import timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
WIDTHS = (390, 768, 1280)
SCHEMES = ("light", "dark")
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PUBLIC = {
    "home": "/",
    "commitments": "/commitments/",
    "commitments-cards": "/commitments/?view=cards&q=tariff",
    "commitments-timeline": "/commitments/?view=timeline&status=-announced",
    "commitments-none": "/commitments/?q=nothing-like-it",
    "commitments-wrong": "/commitments/?status=done",
    "commitment": "/commitments/cptpp-accession/",
    "commitment-past": "/commitments/cptpp-accession/?as_of=2026-02-01",
    "evidence": "/evidence/{evidence}/",
    "source": "/sources/wang-wentao-2025-12-29/",
    "changes": "/changes/",
    "compare": "/compare/?from=2026-01-01&to=2026-06-01",
    "indicators": "/indicators/",
    "indicator": "/indicators/visa-free-countries/",
    "bodies": "/bodies/",
    "body": "/bodies/mofcom/",
    "partners": "/partners/",
    "partner": "/partners/asean/",
    "topics": "/topics/",
    "topic": "/topics/services/",
    "claim-gap": "/claim-evidence-gap/",
    "freshness": "/freshness/",
    "corrections": "/corrections/",
    "tell": "/corrections/tell/?page=/commitments/cptpp-accession/",
    "tips": "/corrections/tips/",
    "checkpoints": "/checkpoints/",
    "method": "/method/",
    "data": "/data/",
    "releases": "/data/releases/",
    "release": "/data/releases/1/",
    "about": "/about/",
    "follow": "/follow/?topic=services&status=under_way",
    "follow-asked": "/follow/asked/",
    "follow-link": "/follow/mine/",
    "embed-card": "/embed/cptpp-accession/",
    "embed-timeline": "/embed/timeline/cptpp-accession/",
    "embed-status-bar": "/embed/status-bar/",
    "embed-badge": "/embed/cptpp-accession.svg",
    "share-image": "/share/cptpp-accession.png",
    "not-found": "/commitments/no-such-thing/",
    "home-zh": "/zh-hans/",
    "commitments-zh": "/zh-hans/commitments/?q=海南",
    "commitments-cards-zh": "/zh-hans/commitments/?view=cards",
    "source-zh": "/zh-hans/sources/wang-wentao-2025-12-29/",
    "commitment-zh": "/zh-hans/commitments/cptpp-accession/",
    "changes-zh": "/zh-hans/changes/",
    "method-zh": "/zh-hans/method/",
    "data-zh": "/zh-hans/data/",
}
ADMIN = {
    "desk": "/admin/",
    "queue": "/admin/commitments/flag/queue/",
    "assess": "/admin/commitments/commitment/{assessed}/assess/",
    "sign-off": "/admin/commitments/proposal/{proposal}/change/",
    "commitment-admin": "/admin/commitments/commitment/{assessed}/change/",
    "proposals": "/admin/commitments/proposal/",
    "sweep": "/admin/commitments/sweep/",
    "import": "/admin/commitments/importrun/",
}
# The guide's pictures: page, and how much of it (None: the whole).
DOCS = ("desk", "queue", "assess", "sign-off")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--docs", action="store_true")
    docs = parser.parse_args().docs
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        sys.exit("No Chromium is on the PATH: apt-get install chromium")
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {
            "DEBUG": "on",
            "SECRET_KEY": "pictures-only-not-a-secret-pictures-only-not-a-secret",
            "TRACKER_DATA_DIR": folder,
            "DJANGO_SETTINGS_MODULE": "config.settings",
        }
        os.environ.pop("DATABASE_URL", None)
        facts = prepare()
        with served() as address:
            photograph(browser, address, facts, docs=docs)


def prepare() -> dict[str, Any]:
    """Fill the database; return what the addresses above need."""
    sys.path.insert(0, str(ROOT))
    os.chdir(ROOT)
    import django

    django.setup()
    from django.core.management import call_command
    from django.test import Client
    from django.utils import timezone

    from commitments import services
    from commitments.models import Commitment

    call_command("migrate", verbosity=0)
    call_command("load_catalogue", verbosity=0)
    call_command("make_release", verbosity=0)
    at = timezone.now()
    services.flag_commitments(on=at.date(), at=at)
    ann, rev = _person("Ann Analyst", "analyst"), _person("Rev Reviewer", "reviewer")
    commitment = Commitment.objects.get(slug="cptpp-accession")
    services.claim(commitment=commitment, by=rev, at=at)
    proposal = services.propose(
        commitment=commitment,
        kind="claim",
        arguments={
            "position": "in_preparation",
            "body": commitment.bodies.first(),
            "reason": "A made-up claim, for this picture alone.",
            "evidence": list(commitment.evidence.all()[:1]),
            "effective_on": at.date() - timedelta(days=10),
        },
        by=ann,
        at=at,
    )
    client = Client()
    client.force_login(rev)
    return {
        "assessed": commitment.pk,
        "evidence": commitment.evidence.order_by("pk")[0].slug,
        "proposal": proposal.pk,
        "session": client.cookies["sessionid"].value,
    }


def _person(name: str, group: str) -> Any:
    from django.contrib.auth import get_user_model
    from django.contrib.auth.models import Group

    first, _, last = name.partition(" ")
    person = get_user_model().objects.create(
        username=first.lower(), first_name=first, last_name=last, is_staff=True
    )
    person.groups.add(Group.objects.get(name=group))
    return person


class served:
    """The product's own server on a free port, while the pictures are taken."""

    def __enter__(self) -> str:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        address = f"http://127.0.0.1:{port}"
        command = [sys.executable, "manage.py", "runserver", "--noreload", str(port)]
        self.server = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL)
        for _ in range(120):
            try:
                urllib.request.urlopen(address, timeout=5)
                return address
            except (urllib.error.URLError, OSError):
                time.sleep(0.5)
        self.server.kill()
        sys.exit("The server did not answer within a minute.")

    def __exit__(self, *_: object) -> None:
        self.server.terminate()
        self.server.wait()


def photograph(
    browser: str, address: str, facts: dict[str, Any], *, docs: bool
) -> None:
    """Visit each page and keep what it looks like."""
    from playwright.sync_api import sync_playwright

    folder = ROOT / ("docs/screenshots" if docs else "var/screenshots")
    folder.mkdir(parents=True, exist_ok=True)
    pages = {**PUBLIC, **ADMIN}
    chosen = {name: pages[name] for name in DOCS} if docs else pages
    sizes = [(1280, "light")] if docs else [(w, s) for w in WIDTHS for s in SCHEMES]
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=browser, args=["--no-sandbox", "--disable-gpu"]
        )
        for width, scheme in sizes:
            context = chromium.new_context(
                viewport={"width": width, "height": 860}, color_scheme=scheme
            )
            session = {"name": "sessionid", "value": facts["session"]}
            context.add_cookies([{**session, "url": address}])
            page = context.new_page()
            for name, path in chosen.items():
                page.goto(address + path.format(**facts))
                page.wait_for_timeout(300)
                kept = f"{name}.png" if docs else f"{name}-{width}-{scheme}.png"
                take(page, folder / kept, whole=not docs)
            context.close()
        chromium.close()
    print(f"{len(chosen) * len(sizes)} pictures in {folder.relative_to(ROOT)}")


def take(page: Any, file: Path, *, whole: bool) -> None:
    """Take a picture of what a page shows, or of the whole of it."""
    # Of an SVG alone, a whole one never comes to an end; it fits the window.
    is_svg = page.evaluate("document.contentType") == "image/svg+xml"
    page.screenshot(path=file, full_page=whole and not is_svg)


if __name__ == "__main__":
    main()
