"""What an operator mends is told in a sentence, not as where it came up in the code."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"SECRET_KEY": ""}, "ImproperlyConfigured: SECRET_KEY is not set."),
        (
            {"DATABASE_URL": "sqlite:////proc/none/x"},
            "OperationalError: unable to open",
        ),
        ({"DATABASE_URL": "sqlite://:memory:"}, "OperationalError: no such table"),
    ],
)
def test_a_command_that_cannot_run_says_why(given, sentence):
    command = [sys.executable, "manage.py", "verify_history"]
    named = {
        "cwd": ROOT,
        "env": {**os.environ, **given},
        "capture_output": True,
        "text": True,
    }
    done = subprocess.run(command, **named)
    assert done.returncode == 1
    assert done.stderr.startswith(sentence)
    assert "Traceback" not in done.stderr
    assert "Traceback" in subprocess.run([*command, "--traceback"], **named).stderr
