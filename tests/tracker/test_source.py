import re

import pytest

from tracker import figures
from tracker.pages.source import outline

ADDRESS = "/sources/speech/"


@pytest.fixture
def speech(record):
    for position, (ref, role, summary) in enumerate(
        [
            ("1.0.1", "framing", "Heading: what was done"),
            ("1.1.1", "result", "It opened."),
            ("1.1.2", "context", "The world changed."),
            ("4.0.1", "framing", "Heading: what will be done"),
        ],
        start=-10,
    ):
        record.source.passages.create(
            ref=ref, position=position + 20, role=role, summary=summary
        )
    record.source.passages.filter(ref="4.3.10").update(position=99)
    return record.source


def test_every_passage_has_a_role_and_the_counts_add_up(page, speech):
    html = page(ADDRESS)
    part = html[html.index('id="h-cov"') :]
    rows = re.findall(
        r'<tr><th scope="row">([^<]+)</th><td class="r">(\d+)</td><td class="r">(\d+)'
        r'</td><td class="r b">(\d+)</td>',
        part,
    )
    assert rows == [
        ("Commitment", "1", "1", "3"),
        ("Result", "1", "0", "0"),
        ("Context", "1", "0", "0"),
        ("Framing", "2", "0", "0"),
    ]
    assert sum(int(n) for _, n, _, _ in rows) == speech.passages.count()
    for ref in speech.passages.values_list("ref", flat=True):
        assert f'id="p-{ref}"' in html


def test_outline_names_sections_by_their_headings_and_what_each_gave(page, speech):
    html = page(ADDRESS)
    toc = html[html.index("<h2>Outline") : html.index("Document</h2>")]
    assert re.search(r"1\. What was done <span>none</span>", toc)
    assert re.search(r"4\. What will be done <span>3</span>", toc)
    assert re.search(r"4\.3 <span>1 of 1</span>", toc)
    sections = outline([(p, []) for p in speech.passages.all()])
    assert [s.number for s in sections] == ["1", "4"]
    assert [part.place for part in sections[0].parts] == ["1.0", "1.1"]


def test_figures_of_the_source_are_baselines_and_lead_to_their_passage(page, speech):
    html = page(ADDRESS)
    part = html[html.index('id="h-base"') :]
    assert "Average tariff" in part and "7.3" in part
    assert 'href="#p-4.3.10"' in part


def test_past_day_is_told_of_the_source_too(page, record):
    # The first entry of the record was made on 4 July.
    html = page(ADDRESS, known_at="2026-01-01")
    assert "Nothing published from this passage yet" in html


def test_map_is_as_wide_as_the_passages():
    drawn = figures.coverage([("front", 1, "1"), ("commit", 3, "")])
    assert 'class="dm dm-front" x="0%" width="25%" y="44.5" height="7"' in drawn
    assert 'class="dm dm-commit" x="25%" width="75%" y="18.5" height="33"' in drawn
    assert ">1</text>" in drawn
    assert 'aria-hidden="true"' in drawn
