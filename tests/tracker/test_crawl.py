"""Follow every link of the site, as a robot would, and check what it finds."""

from collections import Counter, deque
from urllib.parse import parse_qs, urldefrag, urljoin, urlsplit

import html5lib
import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.urls import Resolver404, resolve
from django.utils import translation

from commitments import services
from tests.tracker.record import moment
from tracker import languages
from tracker.releases import making

HTML = "{http://www.w3.org/1999/xhtml}"
LINKS = {"a": "href", "link": "href", "iframe": "src", "img": "src", "script": "src"}
# Addresses that differ only in the values of their parameters: some of each.
ALIKE = 4
# Of one path, with whatever parameters, no more than this.
MOST = 16
# Made by a library, and checked by it; it only has to answer.
FOREIGN = ("/api/",)


def parsed(text):
    """The page as a tree; any error of its HTML is raised, with its place."""
    parser = html5lib.HTMLParser(strict=False)
    tree = parser.parse(text)
    lines = text.splitlines()
    told = [
        f"{code} at line {line}: {lines[line - 1][max(0, column - 60) : column + 20]}"
        for (line, column), code, _ in parser.errors
    ]
    return tree, told


def links(tree, address):
    """Yield each address that a page leads to, those outside left out."""
    for name, attribute in LINKS.items():
        for element in tree.iter(HTML + name):
            if target := element.get(attribute):
                yield urljoin(settings.SITE_URL + address, target)


def kind_of(address):
    parts = urlsplit(address)
    if "/data/releases/" in parts.path and not parts.path.endswith("/"):
        # The files of a release have tests of their own: some of each form.
        return parts.path.rpartition(".")[2], ()
    return parts.path, tuple(sorted(parse_qs(parts.query, keep_blank_values=True)))


class Crawl:
    """Follows what one language leads to; to the other it only knocks."""

    def __init__(self, client, language=languages.ENGLISH):
        self.client = client
        self.language = language
        self.trees = {}
        self.problems = []
        self.answered = set()
        self.others = set()
        self.anchors = []
        self.seen = Counter()
        self.titles = {}

    def run(self, start):
        waiting, known = deque([(start, "the start")]), {start}
        while waiting:
            address, origin = waiting.popleft()
            for target in self.visit(address, origin):
                if not target.startswith(settings.SITE_URL + "/"):
                    continue
                plain, fragment = urldefrag(target.removeprefix(settings.SITE_URL))
                if fragment:
                    self.anchors.append((plain, fragment, address))
                if plain not in known and self.is_wanted(plain):
                    known.add(plain)
                    waiting.append((plain, address))
        for plain, fragment, origin in self.anchors:
            if plain in self.trees and fragment not in self.trees[plain]:
                self.problems.append(f"{origin}: no #{fragment} in {plain}")

    def is_wanted(self, address):
        kind = kind_of(address)
        self.seen[kind] += 1
        if self.seen[kind] > ALIKE:
            return False
        self.seen[kind[0]] += 1
        return self.seen[kind[0]] <= MOST

    def visit(self, address, origin):
        if address.startswith("/" + settings.STATIC_URL.strip("/")):
            if not finders.find(address.split("/", 2)[2]):
                self.problems.append(f"{origin}: no file {address}")
            return
        language = languages.of_path(address)
        is_once = urlsplit(address).path in ONCE
        if language is not self.language and not is_once:
            self.knock(address, language, origin)
            return
        answer = self.client.get(address, follow=True)
        if answer.status_code != 200:
            self.problems.append(f"{origin}: {address} answers {answer.status_code}")
            return
        self.answered.add(urlsplit(address).path)
        if not answer["Content-Type"].startswith("text/html"):
            # A file is closed at its end.
            b"".join(answer)
            return
        if address.startswith(FOREIGN):
            return
        tree, errors = parsed(answer.content.decode())
        self.problems += [f"{address}: {error}" for error in errors]
        self.check(tree, address)
        yield from links(tree, address)

    def knock(self, address, language, origin):
        """The other language's crawl looks inside; here the page only has to be."""
        path = urlsplit(address).path
        with translation.override(language.code):
            try:
                resolve(path)
            except Resolver404:
                self.problems.append(f"{origin}: no page {address}")
        self.others.add(path)

    def check(self, tree, address):
        ids = Counter(e.get("id") for e in tree.iter() if e.get("id"))
        self.trees[address] = set(ids)
        for name, count in ids.items():
            if count > 1:
                self.problems.append(f"{address}: id {name} stands {count} times")
        titles = [e.text for e in tree.iter(HTML + "title")]
        if len(titles) != 1 or len((titles[0] or "").strip()) < 5:
            self.problems.append(f"{address}: titles {titles}")
        told = [
            e.get("content", "")
            for e in tree.iter(HTML + "meta")
            if e.get("name") == "description"
        ]
        # Half as many Chinese signs say as much.
        least = 20 if self.language is languages.ENGLISH else 10
        if len(told) != 1 or len(told[0]) < least:
            self.problems.append(f"{address}: descriptions {told}")
        headings = len(list(tree.iter(HTML + "h1")))
        if headings != 1:
            self.problems.append(f"{address}: {headings} h1")
        self.check_content(tree, address)
        for label in tree.iter(HTML + "label"):
            if label.get("for") and label.get("for") not in ids:
                self.problems.append(f"{address}: label for {label.get('for')}")

    def check_content(self, tree, address):
        """Nothing inline, nothing from elsewhere: what the CSP would refuse."""
        for element in tree.iter():
            if element.get("style") or any(n.startswith("on") for n in element.attrib):
                self.problems.append(f"{address}: inline style or handler")
            source = element.get("src", "")
            if source.startswith(("http:", "https:", "//")):
                self.problems.append(f"{address}: loads {source}")
        for script in tree.iter(HTML + "script"):
            if not script.get("src") and script.get("type") != "application/ld+json":
                self.problems.append(f"{address}: inline script")
        self.titles.setdefault(tree.find(f".//{HTML}title").text, set()).add(
            urlsplit(address).path
        )


REACHED = [
    *("/", "/commitments/", "/commitments/cut-the-list/", "/sources/speech/"),
    *("/method/", "/changes/", "/compare/", "/bodies/", "/bodies/mofcom/"),
    *("/partners/", "/partners/asean/", "/topics/", "/topics/trade/"),
    *("/indicators/", "/indicators/tariff/", "/claim-evidence-gap/"),
    *("/freshness/", "/corrections/", "/data/", "/about/", "/checkpoints/"),
    *("/data/releases/", "/data/releases/1/"),
    *("/checkpoints.jsonl", "/feeds/changes.atom", "/feeds/changes.json"),
    *(
        "/feeds/dates.ics",
        "/embed/status-bar/",
        "/oembed/",
        "/follow/",
        "/follow/mine/",
        "/api/v1/docs/",
    ),
]
# Machines read these; they have no twin in Chinese.
ONCE = ("/checkpoints.jsonl", "/oembed/", "/api/v1/docs/")


def is_page(path):
    """Whether it has our header, and so a way to the other language."""
    return path.endswith("/") and "/embed/" not in path and path not in ONCE


@pytest.mark.parametrize("language", languages.LANGUAGES, ids=lambda one: one.tag)
def test_every_link_leads_to_a_whole_page_with_a_title_of_its_own(
    client, record, language
):
    services.write_checkpoint(at=moment(9, 3))
    making.make_release(at=moment(10, 1))
    crawl = Crawl(client, language)
    crawl.run(language.prefix + "/")
    assert not crawl.problems, "\n".join(sorted(set(crawl.problems)))
    pages = {path if path in ONCE else language.prefix + path for path in REACHED}
    assert not pages - crawl.answered
    # From each page there is a way to the other language.
    twins = {languages.path_in(language, path) for path in crawl.others}
    assert not {path for path in pages if is_page(path)} - twins
    # A merged commitment is answered by its successor.
    paths = [
        {p for p in paths if not p.endswith("/joined/")}
        for paths in crawl.titles.values()
    ]
    assert not [shared for shared in paths if len(shared) > 1]


@pytest.mark.parametrize(
    ("code", "address"),
    [
        (400, "/changes/?colour=red"),
        (400, "/compare/?from=x"),
        (400, "/commitments/?status=x"),
        (404, "/bodies/nobody/"),
        (404, "/commitments/join-pact/"),
        (200, "/changes/?as_of=2026-03-01&known_at=2026-07-05"),
        (200, "/commitments/join-the-pact/?as_of=2026-03-01"),
        (200, "/compare/?from=2026-01-01&known_at=2026-07-05"),
        (400, "/embed/join-the-pact/?theme=x"),
        (404, "/embed/nowhere/"),
        (400, "/changes/?q=%00"),
        (400, "/follow/?topic=nothing"),
        (404, "/follow/mine/forged/"),
        (200, "/follow/asked/"),
    ],
)
def test_errors_and_past_days_are_whole_pages_too(client, record, code, address):
    answer = client.get(address)
    assert answer.status_code == code
    tree, errors = parsed(answer.content.decode())
    assert not errors
    assert len(list(tree.iter(HTML + "h1"))) == 1


def test_a_broken_link_anchor_and_page_would_be_found(client, record):
    """The crawl itself can fail: a page with each fault is reported."""
    found = Crawl(client)
    bad = (
        '<!doctype html><title>x</title><p id="a">b<p id="a">b</b><a href="/no/">1</a>'
    )
    tree, errors = parsed(bad)
    found.check(tree, "/bad/")
    found.problems += errors
    told = "\n".join(found.problems)
    for words in ("id a stands 2 times", "titles", "descriptions", "0 h1", "line 1"):
        assert words in told
    list(found.visit("/no/", "/bad/"))
    assert "/bad/: /no/ answers 404" in found.problems
