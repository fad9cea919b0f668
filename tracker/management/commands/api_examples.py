import json
import re
from datetime import timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.test import Client
from django.utils import timezone

from commitments import services
from commitments.models.api_key import ApiScope
from tracker.api import examples
from tracker.api.problems import MEANINGS, problem
from tracker.models import Endpoint

CONTRACT = settings.BASE_DIR / "docs" / "openapi.json"
# What stands for the parts of addresses: of the founding catalogue.
PARTS = {"slug": "cptpp-accession", "seq": "1", "id": "1", "number": "1"}
JSON = "application/json"
BY_KEY = {name for name, *_ in examples.BY_MACHINES}
# Nobody signs with the example of a secret.
SECRET, NO_SECRET = (
    re.compile(r"whsec_[\w+/=]+"),
    "whsec_dGhpcyBpcyBhbiBleGFtcGxlLCBubyBzZWNyZXQ=",
)


def short(value):
    """Return an answer with the first two of each list: an example, not the record."""
    if isinstance(value, dict):
        return {name: short(part) for name, part in value.items()}
    return [short(part) for part in value[:2]] if isinstance(value, list) else value


class Command(BaseCommand):
    help = (
        "Write the examples of the contract, docs/api-examples.json, from what this "
        "installation answers; load the catalogue first. Then `make contract`."
    )

    def handle(self, *args, **options):
        site = urlsplit(settings.SITE_URL)
        client = Client(headers={"host": site.netloc})
        self.secure = site.scheme == "https"
        found = {"errors": {str(s): problem(s, text) for s, text in MEANINGS.items()}}
        for path, operations in json.loads(CONTRACT.read_text())["paths"].items():
            operation = operations.get("get")
            if operation is None or operation["operationId"] in BY_KEY:
                continue
            answer = client.get(
                self._address(client, path), self._few(operation), secure=self.secure
            )
            if answer.status_code == 200 and answer["Content-Type"].startswith(JSON):
                found[operation["operationId"]] = {"200": short(answer.json())}
            else:
                self.stdout.write(f"no example of {path}: {answer.status_code}")
        if len(found) == 1:
            raise CommandError("There is nothing here. Load the catalogue first.")
        with transaction.atomic():
            found |= self._of_machines(client)
            transaction.set_rollback(True)
        text = json.dumps(found, ensure_ascii=False, indent=1, sort_keys=True)
        text = SECRET.sub(NO_SECRET, text)
        examples.FILE.write_text(text + "\n", encoding="utf-8")
        self.stdout.write(f"{len(found) - 1} examples in {examples.FILE.name}")

    def _of_machines(self, client):
        """Ask as a trusted machine does; return what was sent and answered."""
        now = timezone.now()
        _, secret = services.make_key(
            name="example-newsroom",
            scopes=ApiScope.values,
            expires_at=now + timedelta(hours=1),
            at=now,
        )
        found, parts = {}, {}
        for name, method, path, body in examples.BY_MACHINES:
            answer = client.generic(
                method,
                "/api/v1/" + path.format(**parts),
                "" if body is None else json.dumps(body),
                content_type=JSON,
                headers={"authorization": f"Bearer {secret}"},
                secure=self.secure,
            )
            if answer.status_code >= 300:
                raise CommandError(f"{name}: {answer.content.decode()}")
            told = short(answer.json()) if answer.content else None
            if name == "webhooks_create":
                parts["webhook"] = told["id"]
                self._prove(told["id"])
            elif name == "webhooks_test_create":
                parts["delivery"] = told["id"]
            sent = {} if body is None else {"request": body}
            found[name] = {**sent, **({str(answer.status_code): told} if told else {})}
        return found

    def _prove(self, pk):
        """Take the example's endpoint for one that has answered its challenge."""
        Endpoint.objects.filter(pk=pk).update(
            state=Endpoint.State.ACTIVE, verified_at=timezone.now(), challenge=""
        )

    def _few(self, operation):
        known = {parameter["name"] for parameter in operation.get("parameters", [])}
        return {"limit": "1"} if "limit" in known else {}

    def _address(self, client, path):
        """Return an example of an address: its list's first row, where it has one."""
        if "{" not in path:
            return path
        above = path.partition("{")[0]
        rows = client.get(above, {"limit": "1"}, secure=self.secure)
        first = rows.json().get("results") if rows.status_code == 200 else None
        name = re.search(r"\{(\w+)\}", path).group(1)
        # Evidence is named by its “id”, which is its slug.
        value = first[0].get(name) or first[0].get("id") if first else None
        return re.sub(r"\{\w+\}", str(value or PARTS.get(name, "1")), path)
