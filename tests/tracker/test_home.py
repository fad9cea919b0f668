"""What the home page shows beside counts of statuses: figures, links, ways to use it."""

import re
from datetime import date
from html import unescape

import pytest

from commitments.models import Evidence, Host, Indicator, Link
from commitments.verdicts import READ
from tests.tracker.record import moment

pytestmark = pytest.mark.django_db


def part(html, heading):
    """The section of a page under the heading with that id."""
    start = html.index(f'aria-labelledby="{heading}"')
    return html[start : html.index("</section>", start)]


def look(document, verdict):
    host, _ = Host.objects.get_or_create(
        name="example.org", defaults={"next_at": moment(9, 1)}
    )
    return Link.objects.update_or_create(
        evidence=document,
        defaults={
            "host": host,
            "url": document.url,
            "verdict": verdict,
            "checked_at": moment(9, 2) if verdict else None,
            "due_at": moment(9, 9),
        },
    )[0]


def sparks(html):
    """The words of each small chart, by the address of its figure."""
    found = re.findall(
        r'<a href="(/indicators/[^"?]+/)[^"]*">.*?class="chart spark"[^>]*'
        r'aria-label="([^"]*)"',
        html,
        re.DOTALL,
    )
    return {path: unescape(label) for path, label in found}


def test_small_charts_show_what_moved_since_the_source(page, record):
    still = Indicator.objects.create(
        slug="still",
        name="Not read again",
        unit="lines",
        direction="up",
        comparator="exactly",
        baseline=1,
        baseline_on=date(2025, 12, 31),
        baseline_precision="day",
    )
    still.commitments.add(record.moved)
    shown = part(page("/"), "h-ind")
    assert "1 figure to read them against" in shown
    assert "Average tariff" in shown
    assert "<span>7.3</span>" in shown
    assert "<b>6.9</b>" in shown
    assert "No target was set" in shown
    assert "Not read again" not in shown
    # Before it was read, there is nothing to draw.
    assert "h-ind" not in page("/", as_of="2026-06-29")


@pytest.mark.parametrize("day", ["", "2026-06-30", "2026-10-01"])
def test_small_charts_say_the_numbers_of_the_api(client, page, record, day):
    record.indicator.observations.create(
        observed_on=date(2026, 9, 30), precision="day", value="6.5"
    )
    record.indicator.observations.create(
        observed_on=date(2025, 6, 30), precision="day", value="7.9"
    )
    days = {"as_of": day} if day else {}
    drawn = sparks(page("/", **days))
    assert list(drawn) == ["/indicators/tariff/"]
    for path, label in drawn.items():
        one = client.get(f"/api/v1{path}", days).json()
        values = [
            one["baseline"],
            *(
                o["value"]
                for o in one["observations"]
                if o["observed_on"] > one["baseline_on"]
            ),
        ]
        said = re.findall(r"\d{4} ([\d.]+)", label)
        assert list(map(float, said)) == values


def test_link_health_says_the_numbers_of_the_api(client, page, record):
    verdicts = ["ok", "moved", "gone", "unreachable", "not_found", ""]
    documents = list(Evidence.objects.public().order_by("pk"))
    for number, document in enumerate(documents):
        look(document, verdicts[number % len(verdicts)])
    shown = re.sub(r"<[^>]+>", " ", part(page("/"), "h-fresh"))
    told = []
    address = "/api/v1/evidence/"
    while address:
        answer = client.get(address).json()
        told += [one["link"]["verdict"] for one in answer["results"] if one["link"]]
        address = answer["next"]
    opening = sum(verdict in READ for verdict in told)
    assert f"{opening} of {len(told)}" in shown
    assert f"{told.count('gone')} gone" in shown
    assert f"{told.count('unreachable')} cannot be reached from here" in shown
    assert f"{told.count('not_found')} not found, to be confirmed" in shown
    assert "copies kept of 0 of these" in shown
    assert f"Documents cited as evidence links of {len(told)}" in " ".join(
        shown.split()
    )


def test_links_not_looked_at_are_not_called_broken(page, record):
    shown = part(page("/"), "h-fresh")
    assert "none has been looked at yet" in shown
    assert " gone" not in shown


def test_of_a_past_day_nothing_is_said_of_links(page, record):
    look(Evidence.objects.public().first(), "gone")
    assert "Links of the evidence" in page("/")
    for days in ({"as_of": "2026-10-01"}, {"known_at": "2026-10-01"}):
        assert "Links of the evidence" not in page("/", **days)


def test_home_says_how_to_quote_question_and_build_on_it(page, record):
    shown = part(page("/"), "h-how")
    assert [*re.findall(r"<h3>(.*?)</h3>", shown)] == [
        *("Quote it", "Question it", "Build on it")
    ]
    assert "corrected in the open</a>: 1 so far" in shown
    before = part(page("/", known_at="2026-07-20"), "h-how")
    assert "corrected in the open</a>: 0 so far" in before
    assert 'href="/corrections/?known_at=2026-07-20"' in before


def test_the_last_entry_is_that_known_on_the_day(page, record):
    today = part(page("/"), "h-fresh")
    then = part(page("/", known_at="2026-07-05"), "h-fresh")
    assert "2 Sep 2026" in today
    assert "5 Jul 2026" in then


@pytest.mark.parametrize("day", ["0001-01-01", "0001-03-31", "0001-04-01"])
def test_the_first_days_of_the_calendar_have_no_quarter_before_them(page, record, day):
    assert "Cut the list" not in page("/", as_of=day)


def test_the_two_days_are_compared_by_what_was_known_on_the_day_asked_about(
    page, record
):
    then = page("/", as_of="2026-10-01", known_at="2026-07-05")
    words = re.sub("<[^>]+>", "", then)
    assert "against 1 Jul 2026, as we knew on 5 Jul 2026." in words
    assert "?from=2026-07-01&amp;to=2026-10-01&amp;known_at=2026-07-05" in then
    assert "as we know today." in page("/", as_of="2026-10-01")
