import importlib.util
import json
from datetime import timedelta
from pathlib import Path

import pytest

from tests.tracker import record as records
from tests.tracker.record import moment
from tracker.releases import keeping, making

DOCS = Path(__file__).parents[3] / "docs"


@pytest.fixture(autouse=True)
def own_storage(settings, tmp_path):
    """Each test has releases of its own."""
    settings.STORAGES = {
        **settings.STORAGES,
        "releases": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": tmp_path / "releases"},
        },
    }


@pytest.fixture
def record(db, today):
    return records.small()


@pytest.fixture
def release():
    """Make a release; each a month after the one before."""
    made = []

    def release():
        made.append(making.make_release(at=moment(10, 1) + timedelta(31 * len(made))))
        return made[-1]

    return release


@pytest.fixture
def fetched(tmp_path):
    """Write the files of a release into a folder, as who downloads them has them."""

    def fetched(release):
        folder = tmp_path / f"fetched-{release.number}"
        folder.mkdir()
        for file in release.files.select_related("release"):
            with keeping.opened(file) as held:
                (folder / file.name).write_bytes(held.read())
        return folder

    return fetched


def read_jsonl(path):
    with path.open(encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def program(name):
    """Load a stand-alone program of the documentation."""
    spec = importlib.util.spec_from_file_location(name, DOCS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
