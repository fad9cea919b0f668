"""The people and machines who write while things break, each as they really do.

They go through the pages and the API over HTTP. Where no answer comes, or one that says
to come again (5xx), they send the same once more, as a browser does that reloads; now
and then they are impatient and send once more although an answer came. What the site
said was taken, they remember: it must be there in the end, once.
"""

from __future__ import annotations

import csv
import io
import random
import re
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import date
from typing import Any, TypeVar

import httpx2
from django.db import InterfaceError, OperationalError, connection

from commitments.models import HistoryText, ImportRun, Proposal

T = TypeVar("T")
PASSWORD = "a long phrase for faults alone"
PATIENCE = 120
STALE = "has changed since you opened the form"
HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)"')


class GaveUp(Exception):
    """Nothing was answered for longer than anybody waits."""


def looked(look: Callable[[], T]) -> T:
    """Ask the database past the site, whatever is happening to it."""
    for _ in range(200):
        try:
            return look()
        except (OperationalError, InterfaceError):
            connection.close()
            time.sleep(0.2)
    raise GaveUp("The database did not come back.")


class Book:
    """What was taken, when, and what else was answered."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.begun: set[str] = set()
        self.taken: dict[str, tuple[str, float]] = {}
        self.answers: Counter[str] = Counter()
        self.problems: list[str] = []
        self.closed = threading.Event()

    def begin(self, marker: str) -> None:
        with self.lock:
            self.begun.add(marker)

    def take(self, marker: str, kind: str, began: float) -> None:
        """Note that the site said it has this, asked for at ``began``."""
        with self.lock:
            self.taken.setdefault(marker, (kind, began))
            self.answers[f"taken: {kind}"] += 1

    def count(self) -> int:
        return len(self.taken)

    def first_since(self, moment: float) -> bool:
        with self.lock:
            return any(began > moment for _, began in self.taken.values())


class Person(threading.Thread):
    """Somebody with an account and a browser, until the book is closed."""

    def __init__(self, house: Any, book: Book, name: str, seed: int) -> None:
        super().__init__(name=name, daemon=True)
        self.house, self.book = house, book
        self.chance = random.Random(f"{seed}-{name}")
        self.number = 0
        self.web = httpx2.Client(
            base_url=house.address, timeout=60, follow_redirects=False
        )

    def run(self) -> None:
        try:
            self.sign_in()
            while not self.book.closed.is_set():
                self.act()
        except Exception as error:  # noqa: BLE001 - whatever it was is reported
            self.book.problems.append(f"{self.name}: {type(error).__name__}: {error}")
        finally:
            connection.close()
            self.web.close()

    def act(self) -> None:
        raise NotImplementedError

    def marker(self) -> str:
        self.number += 1
        marker = f"{self.name}-{self.number:05d}"
        self.book.begin(marker)
        return marker

    def ask(self, method: str, path: str, **given: Any) -> tuple[Any, int]:
        """Ask until it is answered; return the answer and the number of tries."""
        end, tries = time.monotonic() + PATIENCE, 0
        while time.monotonic() < end:
            tries += 1
            try:
                answer = self.web.request(method, path, **given)
            except httpx2.TransportError:
                self.book.answers["no answer"] += 1
            else:
                self.book.answers[str(answer.status_code)] += 1
                if answer.status_code < 500:
                    return answer, tries
                if answer.status_code == 500:
                    self.book.problems.append(f"500: {method} {path}")
            time.sleep(self.chance.uniform(0.1, 0.4))
        raise GaveUp(f"{method} {path}")

    def sign_in(self) -> None:
        self.ask("GET", "/admin/login/")
        data = {"username": self.name, "password": PASSWORD, **self.token()}
        answer, _ = self.ask("POST", "/admin/login/", data=data)
        assert answer.status_code == 302, answer.text[:2000]

    def token(self) -> dict[str, str]:
        return {"csrfmiddlewaretoken": self.web.cookies.get("csrftoken") or ""}

    def open(self, path: str) -> dict[str, str]:
        """Open a form; return its hidden inputs."""
        answer, _ = self.ask("GET", path)
        assert answer.status_code == 200, f"{path}: {answer.status_code}"
        return self.hidden(answer.text)

    def hidden(self, text: str) -> dict[str, str]:
        return {k: v for k, v in HIDDEN.findall(text) if k != "csrfmiddlewaretoken"}

    def send(self, path: str, data: dict, **given: Any) -> tuple[Any, int]:
        return self.ask("POST", path, data={**data, **self.token()}, **given)

    def is_impatient(self) -> bool:
        return self.chance.random() < 0.15


def is_recorded(marker: str) -> bool:
    return HistoryText.objects.filter(reason__contains=marker).exists()


def is_proposed(marker: str) -> bool:
    return Proposal.objects.filter(content__reason__icontains=marker).exists()


class Analyst(Person):
    """Assesses and reviews commitments of their own."""

    def act(self) -> None:
        one = self.chance.choice(self.house.commitments[self.name])
        if self.chance.random() < 0.5:
            self.do("review", one, {}, is_recorded)
        else:
            waits = Proposal.State.WAITING
            open_ones = Proposal.objects.filter(commitment=one.pk, state=waits)
            if not looked(open_ones.exists):
                self.do("assess", one, self.judgement(one), is_proposed)

    def judgement(self, one: Any) -> dict[str, Any]:
        now = looked(lambda: type(one).objects.values_list("status").get(pk=one.pk))[0]
        return {
            "status": "announced" if now == "under_way" else "under_way",
            "confidence": "medium",
            "precision": "day",
            "evidence": [self.house.document.pk],
            "_submit": "Hand in",
        }

    def do(
        self, act: str, one: Any, given: dict, is_there: Callable[[str], bool]
    ) -> None:
        """Fill a form in and send it until it is taken, or told to be there."""
        marker, today = self.marker(), date.today().isoformat()
        path = f"/admin/commitments/commitment/{one.pk}/{act}/"
        data = {"reason": f"Looked at the notice ({marker}).", **given}
        data |= {"looked_until": today, "effective_on": today}
        while True:
            data |= self.open(path)
            if act == "assess":
                preview = {**data, "_preview": "Preview"}
                del preview["_submit"]
                shown, _ = self.send(path, preview)
                data |= self.hidden(shown.text)
            began = time.monotonic()
            answer, tries = self.send(path, data)
            if answer.status_code == 302:
                break
            # Of theirs, or of a colleague? They look.
            if tries > 1 and looked(lambda: is_there(marker)):
                self.book.answers["told that it is there"] += 1
                break
            if STALE not in answer.text:
                told = " ".join(re.sub("<[^>]+>", " ", answer.text).split())
                raise AssertionError(f"{marker}: {told[:1500]}")
        self.book.take(marker, act, began)
        if self.is_impatient():
            self.send(path, data)


class Reviewer(Person):
    """Signs off what waits."""

    LIST = "/admin/commitments/proposal/?state__exact=waiting"
    LINK = re.compile(r'href="(/admin/commitments/proposal/(\d+)/change/)')

    def act(self) -> None:
        page, _ = self.ask("GET", self.LIST)
        waiting = list(dict.fromkeys(self.LINK.findall(page.text)))
        if not waiting:
            time.sleep(0.2)
        for path, pk in waiting[:5]:
            self.decide(path, pk)

    def decide(self, path: str, pk: str) -> None:
        marker, data = f"approval-{pk}", {**self.open(path), "_approve": "Approve"}
        if "revision" not in data:
            return  # Decided on meanwhile: by the try that was not answered.
        data["confirmed"] = "on"
        self.book.begin(marker)
        began = time.monotonic()
        answer, tries = self.send(path, data)
        over = tries > 1 and "It does not wait for a decision" in answer.text
        if answer.status_code == 302 or over:
            self.book.take(marker, "sign-off", began)
            if self.is_impatient():
                self.send(path, data)


class Importer(Person):
    """Sends files of documents, looks at what they would do, and imports them."""

    ROWS = (4, 4, 14)  # The long ones are a worker's.

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.sent: dict[str, int] = {}

    def act(self) -> None:
        marker, rows = self.marker(), self.chance.choice(self.ROWS)
        self.sent[marker] = rows
        file = {"file": (f"{marker}.csv", self.rows(marker, rows), "text/csv")}
        path, began = "/admin/commitments/importrun/add/", time.monotonic()
        answer, _ = self.send(path, {"kind": "evidence"}, files=file)
        assert answer.status_code == 302, answer.text[:3000]
        pk = int(re.findall(r"/importrun/(\d+)/", answer.headers["Location"])[0])
        if self.until(pk, "ready") != "ready":
            return  # Told that it was stopped: nothing of it may be there.
        self.send(f"/admin/commitments/importrun/{pk}/import/", {})
        if self.until(pk, "done") == "done":
            self.book.take(marker, f"import of {rows}", began)
            if self.is_impatient():
                self.send(f"/admin/commitments/importrun/{pk}/import/", {})

    def until(self, pk: int, state: str) -> str:
        over = {state, *ImportRun.OVER}
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            now = looked(ImportRun.objects.only("state").filter(pk=pk).get).state
            if now in over:
                return now
            time.sleep(0.1)
        raise GaveUp(f"Import {pk} does not end.")

    def rows(self, marker: str, count: int) -> bytes:
        text = io.StringIO(newline="")
        rows = [self.row(marker, n) for n in range(count)]
        writer = csv.DictWriter(text, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
        return text.getvalue().encode()

    def row(self, marker: str, n: int) -> dict[str, str]:
        return {
            "slug": "",
            "url": f"http://h{self.number % 7}.test/{marker}/{n}",
            "title": f"Notice {marker} {n}",
            "publisher": "Gazette",
            "occurred_on": "2026-04-01",
            "type": "notice",
            "nature": "action",
            "official": "yes",
            "reliability": "high",
            "language": "en",
            "summary": "It is in force.",
        }


class Archivist(Person):
    """Brings copies of a document that cannot be reached."""

    def act(self) -> None:
        marker = self.marker()
        path = f"/admin/commitments/evidence/{self.house.document.pk}/copies/"
        file = {"file": (f"{marker}.html", page(marker), "text/html")}
        data, began = {"note": f"Saved from the gazette ({marker})."}, time.monotonic()
        answer, _ = self.send(path, data, files=file)
        assert answer.status_code == 302, answer.text[:3000]
        self.book.take(marker, "copy", began)
        if self.is_impatient():
            self.send(path, data, files=file)
        time.sleep(0.2)


def page(marker: str) -> bytes:
    return (
        f"<!doctype html><html><head><title>{marker}</title></head><body><article>"
        f"<h1>Notice {marker}</h1><p>The tariff on the goods named in list {marker} "
        "is zero from the first of May.</p></article></body></html>"
    ).encode()


class Machine(Person):
    """Proposes claims by key, each under a key of its own that it repeats."""

    def sign_in(self) -> None:
        self.web.headers["authorization"] = f"Bearer {self.house.key}"

    def act(self) -> None:
        marker = self.marker()
        one = self.chance.choice(self.house.commitments[self.name])
        body = {
            "commitment": one.slug,
            "kind": "claim",
            "position": self.chance.choice(["announced", "in_preparation"]),
            "body": self.house.body.slug,
            "reason": f"The spokesman said so ({marker}).",
            "evidence": [self.house.document.slug],
            "effective_on": date.today().isoformat(),
        }
        once = {"Idempotency-Key": marker}
        began = time.monotonic()
        answer, _ = self.ask("POST", "/api/v1/proposals/", json=body, headers=once)
        assert answer.status_code == 201, answer.text
        self.book.take(marker, "proposal by API", began)
        if self.is_impatient():
            again, _ = self.ask("POST", "/api/v1/proposals/", json=body, headers=once)
            assert again.content == answer.content, again.text
        time.sleep(0.3)


class Reader(threading.Thread):
    """Asks for a public page again and again, and notes when none came."""

    PATHS = ("/", "/commitments/", "/api/v1/commitments/", "/changes/?q=")

    def __init__(self, house: Any, book: Book) -> None:
        super().__init__(daemon=True)
        self.house, self.book = house, book
        self.asked = self.failed = 0
        self.gap, self.last = 0.0, 0.0

    def run(self) -> None:
        self.last = time.monotonic()
        with httpx2.Client(base_url=self.house.address, timeout=10) as web:
            while not self.book.closed.is_set():
                path = self.PATHS[self.asked % len(self.PATHS)]
                self.asked += 1
                try:
                    code = web.get(path).status_code
                except httpx2.TransportError:
                    code = 0
                if code == 200:
                    self.gap = max(self.gap, time.monotonic() - self.last)
                    self.last = time.monotonic()
                else:
                    self.failed += 1
                    self.book.answers[f"reader: {code or 'no answer'}"] += 1
                time.sleep(0.1)
