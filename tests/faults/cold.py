"""The site as it is served, whose home page takes its time.

In FAULT_FOLDER each request that finds nothing kept leaves a dot in ``asked``, and each
computation one in ``computed``; it ends once ``go`` is there. Where FAULT_WITHOUT
names waiting, everybody computes for himself.
"""

import os
import time
from pathlib import Path

from config.wsgi import application
from tracker import answer_cache

folder = Path(os.environ["FAULT_FOLDER"])
# Nobody gives up waiting before he is meant to.
answer_cache.PATIENCE = 100
compute, awaited = application.application, application._awaited


def note(name):
    with (folder / name).open("a") as file:
        file.write(".")


def wait_for_another(*given):
    note("asked")
    return None if "waiting" in os.environ.get("FAULT_WITHOUT", "") else awaited(*given)


def take_time(environ, start_response):
    if environ["PATH_INFO"] == "/":
        note("computed")
        while not (folder / "go").exists():
            time.sleep(0.01)
    return compute(environ, start_response)


application.application, application._awaited = take_time, wait_for_another
