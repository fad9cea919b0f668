"""Hash every kept copy anew and name what does not fit."""

import json
import sys

from django.core.management.base import BaseCommand

from commitments import archive
from commitments.models import Capture


class Command(BaseCommand):
    help = "Hash every kept copy anew. Exit 0: all fit; 2: findings."

    def add_arguments(self, parser) -> None:
        parser.add_argument("--json", action="store_true", help="answer as JSON")

    def handle(self, *args, **options) -> None:
        findings = list(archive.verify())
        count = Capture.objects.count()
        if options["json"]:
            found = [{"copy": f.capture_id, "what": f.what} for f in findings]
            self.stdout.write(json.dumps({"copies": count, "findings": found}))
        else:
            for finding in findings:
                self.stdout.write(str(finding))
            copies = "copy" if count == 1 else "copies"
            self.stdout.write(f"{count} {copies}, {len(findings)} findings")
        if findings:
            sys.exit(2)
