import io
import re

import pytest
from django.conf import settings as configured
from PIL import Image, ImageChops

from commitments.statuses import Status
from tests.factories import DraftFactory
from tracker import pictures, share, writing

ONE, ALL = "/share/join-the-pact.png", "/share.png"


def picture(answer):
    assert answer.status_code == 200
    assert answer["Content-Type"] == "image/png"
    return Image.open(io.BytesIO(answer.content)).convert("RGB")


def differ(one, other):
    return ImageChops.difference(one, other).getbbox() is not None


@pytest.mark.parametrize("address", [ONE, ALL])
def test_picture_has_the_size_that_sites_ask_for_and_may_be_kept(
    client, record, address
):
    answer = client.get(address)
    assert picture(answer).size == (1200, 630)
    assert len(answer.content) < 150_000
    assert answer["Cache-Control"] == "public, max-age=86400"
    again = client.get(address, headers={"if-none-match": answer["ETag"]})
    assert again.status_code == 304


def test_picture_of_a_past_day_is_another(client, record):
    now = picture(client.get(ONE))
    assert differ(now, picture(client.get(ONE, {"as_of": "2026-02-01"})))


def test_what_is_drawn_is_title_status_and_day(client, record, monkeypatch):
    drawn = {}
    monkeypatch.setattr(share, "commitment", lambda **told: drawn.update(told) or b"x")
    client.get(ONE)
    seen = record.moved.reviewed_on
    assert drawn == {
        "ref": "1.2",
        "title": "Join the pact at once & here",
        "status": "under_way",
        "word": "Under way since 1 Mar 2026",
        "day": f"Evidence looked at to {writing.day(seen)}",
    }
    client.get(ONE, {"as_of": "2026-02-01"})
    assert drawn["word"] == "Announced since 10 Jan 2026"
    assert drawn["title"] == "Join the pact now & here"
    assert drawn["day"] == "As of 1 Feb 2026"
    client.get("/share/gone.png")
    assert (drawn["word"], drawn["status"]) == ("No longer tracked", "")
    client.get("/share/be-open.png")
    assert (drawn["word"], drawn["status"]) == ("Not trackable", "")


def test_whole_is_drawn_with_the_finding_and_the_counts_of_the_api(
    client, record, monkeypatch
):
    drawn = {}
    monkeypatch.setattr(share, "whole", lambda **told: drawn.update(told) or b"x")
    client.get(ALL)
    told = client.get("/api/v1/stats/").json()["status"]
    assert dict(drawn["counts"]) == {s: n for s, n in told.items() if n}
    assert drawn["headline"] in client.get("/").content.decode()


def test_unknown_draft_and_impossible_are_refused(client, record):
    draft = DraftFactory(title="Secret plan")
    for slug in ("nowhere", draft.slug):
        assert client.get(f"/share/{slug}.png").status_code == 404
    for address in (ONE, ALL):
        assert client.get(address, {"as_of": "x"}).status_code == 400
    assert client.get("/share/joined.png")["Location"] == ONE
    day = "?as_of=2026-10-01"
    assert client.get(f"/share/joined.png{day}")["Location"] == ONE + day


def test_every_status_has_a_shape_of_its_own_beside_its_word():
    shapes = []
    for status in ("", *Status):
        drawn, _ = share._icon(status, 56, pictures.INK, at=(0, 0))
        assert all(differ(drawn, other) for other in shapes)
        shapes.append(drawn)
    assert set(share.SHAPES) == set(Status)


def test_chinese_is_left_out_and_leaves_no_boxes():
    assert share.drawable("Join 加入 the pact – “now”, café") == (
        "Join the pact – “now”, café"
    )


def test_long_titles_are_wrapped_and_cut():
    lines = share.wrap("word " * 60, size=58, width=1060, most=4)
    assert len(lines) == 4
    assert lines[-1].endswith("…")
    face = share.font(58, bold=True)
    assert all(face.getlength(line) <= 1060 for line in lines)
    assert share.wrap("one", size=58, width=1060, most=4) == ["one"]
    (unbroken,) = share.wrap("x" * 200, size=58, width=1060, most=4)
    assert face.getlength(unbroken) <= 1060


def test_pages_name_a_picture_and_what_it_shows(client, page, record):
    for address, path in (("/commitments/join-the-pact/", ONE), ("/method/", ALL)):
        html = page(address)
        told = dict(re.findall(r'property="og:([a-z:_]+)" content="([^"]*)"', html))
        image = told["image"].replace("&amp;", "&").removeprefix(configured.SITE_URL)
        assert image.split("?")[0] == path
        assert client.get(image).status_code == 200
        assert told["image:type"] == "image/png"
        assert len(told["image:alt"]) > 10
        assert len(told["title"]) > 5
