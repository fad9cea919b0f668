"""What each process of the site holds in memory from its start."""

import os
import subprocess
import sys

# Spreadsheets and Parquet, made or read now and then: a fifth of a process.
SELDOM = {"openpyxl", "numpy", "lxml", "arro3.core"}
LOADED = """
import sys
import config.wsgi
from django.urls import get_resolver
get_resolver().url_patterns
print(*sys.modules)
"""


def test_a_library_that_is_seldom_needed_is_loaded_where_it_is():
    told = subprocess.run(
        [sys.executable, "-c", LOADED],
        env={**os.environ, "SECRET_KEY": "test-only-not-a-secret", "DEBUG": "on"},
        check=True,
        capture_output=True,
        text=True,
    )
    loaded = set(told.stdout.split())
    assert {"tracker.releases.files", "commitments.bulk.exporting"} <= loaded
    assert not SELDOM & loaded
