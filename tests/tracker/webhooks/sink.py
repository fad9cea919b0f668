"""An endpoint of somebody else's: takes messages, checks and counts them."""

from __future__ import annotations

import json
import threading
from collections import Counter, defaultdict

from standardwebhooks.webhooks import Webhook

from tracker.webhooks.sealing import unseal


class Sink:
    """``plays``: what is answered next, a status or a function; else 204.

    ``refuses``: the entries that are answered 500 once.
    """

    def __init__(self, web, place):
        self.web, self.place, self.url = web, place, f"http://{place}"
        self.arrived, self.headers, self.plays = [], [], []
        self.always = 204
        self.refuses = set()
        self.proves = True
        self.now = self.most_at_once = 0
        self.lock = threading.Lock()
        web.pages[place] = self.take

    def take(self, handler):
        body = handler.rfile.read(int(handler.headers["Content-Length"]))
        message = json.loads(body)
        if message["type"] == "challenge":
            answer = json.dumps(message["data"] if self.proves else {}).encode()
            return self.web.play(handler, (200, {}, answer))
        with self.lock:
            self.now += 1
            self.most_at_once = max(self.most_at_once, self.now)
            play = self.plays.pop(0) if self.plays else self.always
            if (seq := message["data"].get("seq")) in self.refuses:
                self.refuses.remove(seq)
                play = 500
        try:
            if callable(play):
                return play(handler)
            status, headers = play if isinstance(play, tuple) else (play, {})
            if 200 <= status < 300:
                with self.lock:
                    self.arrived.append(body)
                    self.headers.append(dict(handler.headers))
            self.web.play(handler, (status, headers, b"what was answered"))
        finally:
            with self.lock:
                self.now -= 1

    @property
    def ids(self):
        return [headers["webhook-id"] for headers in self.headers]

    @property
    def seqs(self):
        return [json.loads(body)["data"].get("seq") for body in self.arrived]

    def in_order(self):
        """Whether the messages of each commitment came in the order of entries."""
        first: dict = defaultdict(list)
        seen: Counter = Counter()
        for body, name in zip(self.arrived, self.ids, strict=True):
            data = json.loads(body)["data"]
            if not seen[name]:
                first[data["commitment"]].append(data["seq"])
            seen[name] += 1
        return all(seqs == sorted(seqs) for seqs in first.values())


def verified(secret, headers, body):
    """Return a message as the reference library reads it."""
    return Webhook(secret).verify(body, headers)


def secret_of(endpoint):
    return unseal(endpoint.secrets.order_by("-pk")[0].sealed)
