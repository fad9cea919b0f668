"""A real worker that gets stuck where it is told to, as Celery's do after a broker is back.

Arguments: a folder, the queue, how it gets stuck. It does so once it finds ``stick`` in
the folder, which the process takes away: the next one works. Each look of its watch
leaves a dot in ``looks``; with ``FAULT_WITHOUT=watch`` nothing follows from them.
"""

import os
import socket
import sys
import time
from contextlib import suppress
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from kombu.transport.redis import Channel

from config import watch
from config.celery import app

folder, queue, how = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
watch.EVERY = float(os.environ.get("FAULT_LOOKS_EVERY", "0.5"))
ask, is_stuck = Channel._brpop_start, watch.Looks.is_stuck
stuck, nobody = False, socket.socketpair()


def look(looks, waiting, *, is_busy):
    with (folder / "looks").open("a") as file:
        file.write(".")
    found = is_stuck(looks, waiting, is_busy=is_busy)
    return found and os.environ.get("FAULT_WITHOUT") != "watch"


def ask_the_queue(channel, timeout=None):
    global stuck
    with suppress(FileNotFoundError):
        (folder / "stick").rename(folder / "stuck")
        stuck = True
    if stuck and how == "waits for ever":
        nobody[0].recv(1)
    if stuck:
        # As if it had been asked: nobody does so again.
        channel._in_poll = channel.client.connection
        return
    ask(channel, timeout)


watch.Looks.is_stuck = look
Channel._brpop_start = ask_the_queue


@app.task(name="be quick")
def be_quick(number):
    (folder / f"done-{number}").write_text(str(os.getppid()))


@app.task(name="take long")
def take_long():
    (folder / "began").write_text(str(os.getpid()))
    while not (folder / "go").exists():
        time.sleep(0.05)


app.worker_main(["worker", "-Q", queue, "-c", "1", "-l", "CRITICAL", "-n", "stuck@%h"])
