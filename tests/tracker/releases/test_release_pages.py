"""Releases on the site and in the API: found, fetched, cited."""

import hashlib
import json
import re

import pytest

from commitments.models import Body, DataVersion
from tests.tracker.record import moment
from tracker.releases import keeping, making

pytestmark = pytest.mark.django_db


def fetch(client, address):
    """Download a file to its end, as ``whole``."""
    answer = client.get(address)
    answer.whole = b"".join(answer)
    return answer


def test_a_release_is_found_from_the_data_page_and_fetched(
    client, page, record, release
):
    made = release()

    assert 'href="/data/releases/"' in page("/data/")
    assert 'href="/data/releases/1/"' in page("/data/releases/")
    shown = page("/data/releases/1/")
    assert made.citation in shown
    assert "This is the first release." in shown
    for file in made.files.all():
        assert file.sha256 in shown
        answer = fetch(client, file.get_absolute_url())
        assert hashlib.sha256(answer.whole).hexdigest() == file.sha256
        assert answer["Content-Type"] == file.media_type
        assert answer["Content-Disposition"] == f'attachment; filename="{file.name}"'
        assert answer["Content-Length"] == str(file.size)
        assert "immutable" in answer["Cache-Control"]
        assert answer["ETag"] == f'"{file.sha256}"'


def test_who_holds_a_file_is_told_so_without_opening_it(
    client, record, release, monkeypatch
):
    release()
    address = "/data/releases/1/bodies.csv"
    tag = fetch(client, address)["ETag"]
    monkeypatch.setattr(keeping, "opened", None)

    assert client.get(address, headers={"if-none-match": tag}).status_code == 304


def test_a_release_tells_what_it_changed(page, record, release):
    release()
    Body.objects.filter(slug="mofcom").update(name="Ministry of Trade")
    release()

    shown = page("/data/releases/2/")
    assert "Since release 1, in rows." in shown
    row = re.search(r'<tr><th scope="row">Bodies</th>(.*?)</tr>', shown).group(1)
    assert re.findall(r">(\d+)<", row) == ["0", "1", "0"]
    assert "/data/releases/2/diff.jsonl" in shown
    assert "There is a newer one" in page("/data/releases/1/")
    assert "There is a newer one" not in shown


def test_the_newest_has_an_address_of_its_own(client, record, release):
    assert client.get("/data/releases/latest/")["Location"] == "/data/releases/"
    release()

    answer = client.get("/data/releases/latest/")
    assert (answer.status_code, answer["Location"]) == (302, "/data/releases/1/")
    answer = client.get("/data/releases/latest/topics.csv")
    assert answer["Location"] == "/data/releases/1/topics.csv"
    assert client.get("/data/releases/latest/nothing.csv").status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        *("2/", "0/", f"{10**30}/", "1/nothing.csv", "2/topics.csv", "x/", "-1/"),
        *(f"{10**30}/topics.csv", "1/..%2F..%2Ftracker.sqlite3", "1/.rows", "1/%00"),
    ],
)
def test_what_is_not_there_is_not_there(client, record, release, path):
    release()

    assert client.get(f"/data/releases/{path}").status_code in (400, 404)


def test_a_file_that_cannot_be_read_says_so(client, record, release):
    made = release()
    keeping.storage().delete(f"{made.folder}/topics.csv")

    answer = client.get("/data/releases/1/topics.csv")

    assert answer.status_code == 503
    assert "Cache-Control" not in answer or "public" not in answer["Cache-Control"]


def test_the_api_lists_releases_and_their_files(client, record, release):
    first, second = release(), None
    Body.objects.filter(slug="mofcom").update(name="Ministry of Trade")
    second = release()

    listed = client.get("/api/v1/releases/?limit=1").json()
    assert [row["number"] for row in listed["results"]] == [1]
    assert client.get(listed["next"]).json()["results"][0]["previous"] == 1
    assert client.get("/api/v1/releases/count/").json() == {"count": 2}
    told = client.get("/api/v1/releases/2/").json()
    assert (told["seq"], told["digest"]) == (second.seq, second.digest)
    assert told["citation"] == second.citation
    assert told["changes"]["bodies"] == {"changed": 1}
    file = next(file for file in told["files"] if file["name"] == "bodies.jsonl")
    content = fetch(client, file["address"]).whole
    assert hashlib.sha256(content).hexdigest() == file["sha256"]
    assert len(content.splitlines()) == file["rows"]
    assert first.sums != second.sums


@pytest.mark.parametrize(
    ("path", "status"),
    [("releases/9/", 404), (f"releases/{10**30}/", 404), ("releases/?x=1", 400)],
)
def test_what_the_api_does_not_know_is_a_problem(client, db, path, status):
    answer = client.get(f"/api/v1/{path}")

    assert answer.status_code == status
    assert answer["Content-Type"] == "application/problem+json"


def test_a_new_release_shows_at_once_to_who_asked_before(client, record):
    tag = client.get("/api/v1/releases/")["ETag"]
    version = DataVersion.current()

    making.make_release(at=moment(10, 1))

    assert DataVersion.current() == version + 1
    again = client.get("/api/v1/releases/", headers={"if-none-match": tag})
    assert again.status_code == 200


def test_machines_find_the_newest_release(client, page, record, release):
    made = release()

    assert "/data/releases/1/" in page("/sitemap.xml")
    assert "/data/releases/)" in page("/llms.txt")
    block = re.search(
        r'<script type="application/ld\+json">(.*?)</script>', page("/data/"), re.DOTALL
    ).group(1)
    files = {d["contentUrl"]: d for d in json.loads(block)["distribution"]}
    zipped = made.files.get(name="release-1.zip")
    found = next(d for url, d in files.items() if url.endswith("release-1.zip"))
    assert found["sha256"] == zipped.sha256


def test_more_releases_take_no_more_queries(
    client, record, release, django_assert_max_num_queries
):
    release()
    for path in ("/data/releases/", "/data/releases/1/", "/api/v1/releases/1/"):
        with django_assert_max_num_queries(8):
            client.get(path)
    with django_assert_max_num_queries(2):
        fetch(client, "/data/releases/1/topics.csv")
