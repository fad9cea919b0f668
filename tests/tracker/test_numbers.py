"""No chart says another number than the API, for the same filters and day."""

import re
from datetime import UTC, date, datetime, timedelta
from html import unescape
from itertools import product

import pytest

from commitments.statuses import Status
from tests.tracker import record as records

DAYS = [{}, {"as_of": "2026-02-01"}, {"as_of": "2026-10-01", "known_at": "2026-07-05"}]
LABELS = {status.label.lower(): status.value for status in Status}


def said(html, kind):
    """The words of a chart: "Title: 1 delivered, 2 under way" as numbers by status."""
    label = re.search(rf'class="chart {kind}"[^>]*aria-label="([^"]*)"', html)
    assert label, f"no chart of kind {kind}"
    counts = re.findall(r"(\d+) ([a-z ]+)", unescape(label[1]).split(": ", 1)[1])
    return {LABELS[words.strip()]: int(n) for n, words in counts}


def told(client, **query):
    answer = client.get("/api/v1/commitments/", query)
    assert answer.status_code == 200, answer.content
    counts: dict[str, int] = {}
    for one in answer.json()["results"]:
        if one["trackable"] and one["status"]:
            counts[one["status"]] = counts.get(one["status"], 0) + 1
    return counts


@pytest.mark.parametrize("days", DAYS, ids=str)
def test_bars_of_home_and_embed_say_what_the_api_says(client, page, record, days):
    told_by_api = told(client, **days)
    assert told_by_api
    assert said(page("/", **days), "bar") == told_by_api
    assert said(page("/embed/status-bar/", **days), "bar") == told_by_api
    stats = client.get("/api/v1/stats/", days).json()["status"]
    assert {s: n for s, n in stats.items() if n and s in LABELS.values()} == told_by_api


def test_bars_of_subjects_say_what_the_api_says_under_that_filter(client, page, record):
    subjects = {
        "/bodies/mofcom/": {"body": "mofcom"},
        "/partners/asean/": {"partner": "asean"},
        "/topics/trade/": {"topic": "trade"},
    }
    for (address, query), days in product(subjects.items(), DAYS):
        assert said(page(address, **days), "bar") == told(client, **query, **days)


@pytest.mark.parametrize(
    "query",
    [{}, {"status": "-delivered"}, {"pillar": "2"}, {"q": "pact"}, {"body": "mofcom"}],
    ids=str,
)
@pytest.mark.parametrize("days", DAYS[::2], ids=str)
def test_list_facets_and_file_count_what_the_api_lists(
    client, page, record, query, days
):
    listed = client.get("/api/v1/commitments/", {**query, **days}).json()["results"]
    html = page("/commitments/", **query, **days)
    assert int(re.search(r'id="count"[^>]*>(\d+)', html)[1]) == len(listed)
    file = client.get("/commitments.csv", {**query, **days}).getvalue().decode()
    assert len(file.strip().splitlines()) == len(listed) + 1
    # A facet is counted under all the other filters.
    others = {k: v for k, v in query.items() if k != "status"}
    counts = {}
    for one in client.get("/api/v1/commitments/", {**others, **days}).json()["results"]:
        counts[one["status"]] = counts.get(one["status"], 0) + 1
    shown = re.findall(
        r'name="status" value="(\w+)"[^>]*>.*?<b><span class="vh">, </span>(\d+)</b>',
        html,
    )
    assert {value: int(n) for value, n in shown} == {
        s: n for s, n in counts.items() if s
    }


@pytest.mark.parametrize("query", [{}, {"pillar": "1"}, {"body": "mofcom"}], ids=str)
def test_matrix_and_columns_of_changes_say_what_the_api_says(
    client, page, record, query
):
    html = page("/changes/", **query, entry="status")
    label = re.search(r'class="chart histo"[^>]*aria-label="([^"]*)"', html)[1]
    months = [int(n) for n in re.findall(r" (\d+)(?:,|$)", label.split(": ", 1)[1])]
    total = int(re.search(r'<p class="b">(\d+) entr', html)[1])
    assert sum(months) == total
    slugs = {
        one["slug"]
        for one in client.get("/api/v1/commitments/", query).json()["results"]
    }
    if not query:
        slugs |= {"gone", "joined"}
    entries = client.get("/api/v1/history/").json()["results"]
    mine = [e for e in entries if e["kind"] == "status" and e["commitment"] in slugs]
    assert total == len(mine)


@pytest.mark.parametrize("until", ["2026-03-15", "2026-11-24"])
def test_flow_adds_up_to_the_api_on_both_days(client, page, record, until):
    html = page("/compare/", **{"from": "2026-01-15", "to": until})
    part = html[html.index("Status on both days") :]
    rows = re.findall(
        r'class="st s-([a-z-]+)">.*?<td class="r">(\d+)</td><td class="r">(\d+)</td>',
        part,
    )
    by_status = {name.replace("-", "_"): (int(a), int(b)) for name, a, b in rows}
    for place, day in enumerate(("2026-01-15", until)):
        counts = told(client, as_of=day)
        assert {
            s: pair[place]
            for s, pair in by_status.items()
            if pair[place] and s in LABELS.values()
        } == counts


def test_steps_of_an_indicator_are_the_readings_of_the_api(client, page, record):
    html = page("/indicators/tariff/")
    label = re.search(r'class="chart indicator"[^>]*aria-label="([^"]*)"', html)[1]
    one = client.get("/api/v1/indicators/tariff/").json()
    values = [one["baseline"], *(o["value"] for o in one["observations"])]
    assert re.findall(r"\d{4} ([\d.]+)", label) == [
        f"{float(value):g}" for value in values
    ]


@pytest.mark.parametrize("days", DAYS, ids=str)
def test_matrix_and_counts_of_home_say_what_the_api_says(client, page, record, days):
    html = page("/", **days)
    stats = client.get("/api/v1/stats/", days).json()
    table = html[html.index('<table class="matrix"') : html.index("</table>")]
    body = table[table.index("<tbody") : table.index("</tbody>")]
    drawn = {}
    for row in body.split("<tr")[1:]:
        pillar = re.search(r"pillar=(\d+)", row)[1]
        cells = re.findall(r'<span class="n[^"]*">(\d+)</span>', row)
        marks = [cell.count("<a ") for cell in row.split("<td")[1:]]
        assert [int(n) for n in cells] == marks
        drawn[pillar] = dict(zip(Status.values, marks, strict=True))
    told_by_api = {
        pillar: {status: n for status, n in cells.items() if status}
        for pillar, cells in stats["pillars"].items()
    }
    assert {
        pillar: {status: n for status, n in cells.items() if n}
        for pillar, cells in drawn.items()
    } == told_by_api
    counts = [int(n) for n in re.findall(r"<dd>(\d+)</dd>", html)][:4]
    assert counts == [
        stats["trackable"],
        stats["status"]["delivered"],
        stats["status"]["partly_delivered"],
        stats["schedule"]["overdue"],
    ]


def test_the_strip_of_freshness_says_the_days_of_the_api(client, page, record):
    html = page("/")
    strip = html[html.index('<div class="heat">') : html.index('class="swatches')]
    shown = re.findall(r'href="/commitments/([^/]+)/"[^>]*>([^<]+)</a>', strip)
    listed = client.get("/api/v1/commitments/").json()["results"]
    days = {
        one["slug"]: str((records.TODAY - date.fromisoformat(one["reviewed_on"])).days)
        if one["reviewed_on"]
        else "–"
        for one in listed
        if one["trackable"]
    }
    assert dict(shown) == days


def test_the_chart_of_a_commitment_turns_where_the_api_does(client, page, record):
    html = page("/commitments/join-the-pact/")
    label = re.search(r'class="chart focus"[^>]*aria-label="([^"]*)"', html)[1]
    spells = re.findall(r"([A-Z][a-z ]+) from (\d+ \w{3} \d{4})", label)
    assert len(spells) == 2
    before = None
    for words, day in spells:
        on = datetime.strptime(day, "%d %b %Y").replace(tzinfo=UTC).date()
        for asked, status in (
            (on - timedelta(days=1), before),
            (on, LABELS[words.lower()]),
        ):
            one = client.get(
                "/api/v1/commitments/join-the-pact/", {"as_of": asked.isoformat()}
            ).json()
            assert (one["status"] or None) == status
        before = LABELS[words.lower()]


@pytest.mark.parametrize("days", DAYS, ids=str)
def test_freshness_by_pillar_adds_up_to_the_api(client, page, record, days):
    html = page("/freshness/", **days)
    part = html[html.index("Table of freshness by pillar") :]
    last = part[: part.index("</table>")].rsplit("<tr>", 1)[1]
    numbers = [int(n) for n in re.findall(r'<td class="r b">(\d+)</td>', last)]
    listed = client.get("/api/v1/commitments/", days).json()["results"]
    scored = [one for one in listed if one["trackable"]]
    in_time, *counts, total = numbers
    assert total == len(scored) == sum(counts)
    assert in_time == sum(one["freshness"] == "current" for one in scored)
