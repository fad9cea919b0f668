"""Hash every file of every release anew and name what does not fit."""

import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from django.core.management.base import BaseCommand

from tracker.models import Release
from tracker.releases import keeping, making


class Command(BaseCommand):
    help = "Hash the files of all releases anew. Exit 0: all fit; 2: findings."

    def add_arguments(self, parser) -> None:
        parser.add_argument("--json", action="store_true", help="answer as JSON")
        parser.add_argument(
            "--rebuild",
            action="store_true",
            help="make each release again from the record, too",
        )

    def handle(self, *args, **options) -> None:
        findings, count = [], 0
        for release in Release.objects.order_by("number"):
            count += 1
            found = [f"{f.name} {f.what}" for f in keeping.verify(release)]
            if options["rebuild"]:
                found += self._rebuilt(release)
            findings += [{"release": release.number, "what": what} for what in found]
        if options["json"]:
            told = {"releases": count, "findings": findings}
            self.stdout.write(json.dumps(told))
        else:
            for finding in findings:
                self.stdout.write(f"release {finding['release']}: {finding['what']}")
            self.stdout.write(f"{count} releases, {len(findings)} findings")
        if findings:
            sys.exit(2)

    def _rebuilt(self, release: Release) -> Iterator[str]:
        with tempfile.TemporaryDirectory(prefix="release-") as folder:
            try:
                yield from making.compare_again(release, Path(folder))
            except OSError as error:
                yield f"cannot be made again: {error}"
