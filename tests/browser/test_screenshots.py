"""What `make screenshots` takes pictures of: pages, and pictures that stand alone."""

import pytest
from PIL import Image

from scripts.screenshots import take
from tests.tracker import record as records

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_page_is_taken_whole_and_a_badge_too(open_page, tmp_path):
    records.small()
    page, sizes = open_page(), {}
    # The browser shows a picture with styles of its own, which our policy refuses.
    page.watch.paused = True
    for name, path in {
        "page": "/method/",
        "badge": "/embed/join-the-pact.svg",
        "share": "/share/join-the-pact.png",
    }.items():
        page.goto(path)
        take(page, tmp_path / f"{name}.png", whole=True)
        with Image.open(tmp_path / f"{name}.png") as picture:
            sizes[name] = picture.size

    window = page.viewport_size["height"]
    assert sizes["page"][1] > window
    assert sizes["badge"][1] == window
