"""A bad network between the tracker and what it rests on: slow, and torn at times."""

from __future__ import annotations

import random
import socket
import threading
import time
from contextlib import suppress
from pathlib import Path


class Network:
    """Passes on between two sockets of this machine, as badly as it is told to."""

    def __init__(self, near: Path, far: Path, seed: int) -> None:
        self.near, self.far = near, far
        self.delay = self.torn = 0.0
        self.tears = 0
        self.chance = random.Random(seed)
        self.door = socket.socket(socket.AF_UNIX)
        near.parent.mkdir(exist_ok=True)
        self.door.bind(str(near))
        near.chmod(0o777)
        self.door.listen(128)
        threading.Thread(target=self.let_in, daemon=True).start()

    def let_in(self) -> None:
        while True:
            with suppress(OSError):
                here, _ = self.door.accept()
                there = socket.socket(socket.AF_UNIX)
                try:
                    there.connect(str(self.far))
                except OSError:
                    here.close()
                    there.close()
                    continue
                for one, other in ((here, there), (there, here)):
                    pump = threading.Thread(target=self.pass_on, args=(one, other))
                    pump.daemon = True
                    pump.start()

    def pass_on(self, one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while piece := one.recv(65_536):
                if self.delay:
                    time.sleep(self.delay)
                if self.torn and self.chance.random() < self.torn:
                    # In the middle of what was said.
                    other.sendall(piece[: len(piece) // 2])
                    self.tears += 1
                    break
                other.sendall(piece)
        for line in (one, other):
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)
            line.close()
