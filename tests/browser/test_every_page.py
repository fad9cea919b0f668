"""Every kind of public page: no axe violation, and nothing sticks out to the side.

At 320, 768 and 1280 px, light and dark, in English and in Chinese.
"""

from datetime import timedelta

import pytest
from django.urls import get_resolver, resolve
from django.utils import timezone, translation

from commitments import services
from commitments.models import Evidence, Topic
from tests.browser.conftest import STICKING_OUT
from tests.tracker import record as records
from tests.tracker.following.people import follower
from tracker import languages
from tracker.following import tokens
from tracker.releases import making

pytestmark = pytest.mark.django_db(transaction=True)

PARTS = 4
ADDRESSES = [
    *("/", "/?as_of=2026-02-01", "/commitments/", "/commitments/?q=nothing-like-it"),
    *(
        "/commitments/?view=cards&q=open",
        "/commitments/?view=timeline&status=-delivered",
    ),
    *("/commitments/?status=done", "/commitments/join-the-pact/", "/commitments/gone/"),
    *("/commitments/build-a-zone/?known_at=2026-07-05", "/commitments/be-open/"),
    *("/changes/", "/changes/?entry=status&as_of=2026-06-30", "/changes/?colour=red"),
    *("/compare/?from=2026-01-05", "/bodies/", "/bodies/mofcom/", "/partners/"),
    *("/partners/asean/", "/topics/", "/topics/trade/", "/indicators/"),
    *("/indicators/tariff/", "/claim-evidence-gap/", "/freshness/", "/corrections/"),
    *("/sources/speech/", "/evidence/notice-12/", "/method/", "/about/", "/data/"),
    *("/data/releases/", "/data/releases/2/", "/checkpoints/"),
    *("/corrections/tips/", "/corrections/tell/?page=/commitments/join-the-pact/"),
    *("/follow/?topic=trade", "/follow/?status=nothing", "/follow/asked/"),
    *("/follow/mine/", "/follow/mine/forged/"),
    *("/embed/join-the-pact/", "/embed/timeline/join-the-pact/?theme=dark"),
    *("/embed/status-bar/", "/embed/nowhere/", "/commitments/nowhere/", "/x/?q=%00"),
]
# Files, feeds and pictures, and what leads on to a page above.
NO_PAGES = {
    *("cite-bibtex", "cite-ris", "feed-atom", "feed-json", "calendar"),
    *("embed-badge", "embed-timeline-svg", "embed-status-bar-svg", "release-latest"),
}


@pytest.fixture
def addresses(transactional_db, monkeypatch):
    # The live server runs in this process: it asks the same clock.
    day = records.TODAY
    monkeypatch.setattr("django.utils.timezone.localdate", lambda *a: day)
    record, at = records.small(), records.moment(11, 20)
    Evidence.objects.filter(title="Notice 12").update(slug="notice-12")
    services.write_checkpoint(at=records.moment(9, 3))
    making.make_release(at=records.moment(10, 1))
    Topic.objects.create(slug="added", name="Added")
    making.make_release(at=records.moment(11, 1))
    tip = services.receive_tip(
        message="It was signed.", form_key="1", commitment=record.moved, at=at
    )
    now = timezone.now() - timedelta(minutes=1)
    one = follower("a@example.org", "topic=trade", "", at=now)
    return [
        *ADDRESSES,
        f"/corrections/tips/{tip.reference}/",
        *(
            f"/follow/{purpose.value[0]}/{tokens.made(purpose, one, at=now)}/"
            for purpose in tokens.Purpose
        ),
    ]


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("language", languages.LANGUAGES, ids=lambda one: one.tag)
def test_no_page_has_an_axe_violation_or_sticks_out(
    open_page, everywhere, addresses, language, part
):
    page = open_page()
    found = []
    for address in addresses[part::PARTS]:
        page.goto(language.prefix + address)
        assert page.locator("html").get_attribute("lang") == language.tag, address
        found += everywhere(page)
    assert found == []


def test_no_kind_of_page_is_left_out(addresses):
    with translation.override(languages.ENGLISH.code):
        names = {
            pattern.name
            for pattern in get_resolver("tracker.urls").url_patterns
            if hasattr(pattern, "name")
        } | {
            pattern.name for pattern in get_resolver("tracker.pages.urls").url_patterns
        }
        looked_at = {
            resolve(address.partition("?")[0]).url_name
            for address in addresses
            if not address.startswith("/x/")
        }
    assert names - looked_at == NO_PAGES


def test_what_is_wrong_would_be_found(open_page, everywhere, violations, addresses):
    page = open_page()
    page.goto("/about/")
    page.evaluate(
        """() => {
          const p = document.querySelector("main p");
          p.insertAdjacentHTML("beforebegin", "<img src='/icon.svg'><p class=x>x</p>");
          const pale = new CSSStyleSheet();
          pale.replaceSync(":root {--ink: #999 !important} .x {width: 2000px}");
          document.adoptedStyleSheets = [pale];
        }"""
    )
    told = "\n".join(everywhere(page))
    assert "image-alt" in told
    assert "px too wide for 320" in told
    assert "320 px, dark" in told or "320 px, light" in told
    # Grey words on white; on black they could be read.
    page.emulate_media(color_scheme="light")
    assert any("color-contrast" in line for line in violations(page, only_colours=True))


# As a name in German, or an address that stands in a reason.
LENGTHEN = """() => {
  const word = "Donaudampfschifffahrtsgesellschaftskapitaen ";
  for (const e of document.querySelectorAll("main :is(h1, h3, h4, p, a, dd)"))
    if (!e.closest(".btn, .il, .more, .st, .typ, .jump")) e.prepend(word);
}"""


@pytest.mark.parametrize("language", languages.LANGUAGES, ids=lambda one: one.tag)
def test_words_longer_than_a_phone_is_wide_are_broken(open_page, addresses, language):
    page = open_page(viewport={"width": 320, "height": 640})
    for address in (
        *("/", "/commitments/", "/commitments/?view=cards", "/changes/", "/about/"),
        *("/commitments/join-the-pact/", "/bodies/mofcom/", "/evidence/notice-12/"),
        *("/sources/speech/", "/compare/?from=2026-01-05", "/corrections/"),
    ):
        page.goto(language.prefix + address)
        page.evaluate(LENGTHEN)
        over = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert over <= 0, (address, page.evaluate(STICKING_OUT))
