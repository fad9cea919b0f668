"""The form for tips and its guards, seen from outside."""

import re
from datetime import timedelta
from html import unescape
from urllib.parse import urlencode

import pytest
import time_machine
from django.core import mail
from django.test import Client

from commitments import accounts, services
from commitments.models import Tip
from tests.commitments import desk
from tests.factories import DraftFactory
from tests.tracker.record import moment
from tracker import tip_form, tip_mail
from tracker.api import rates

TELL = "/corrections/tell/"
FORM = "application/x-www-form-urlencoded"
NOW = moment(11, 24)


@pytest.fixture(autouse=True)
def no_counts(monkeypatch):
    """Each test counts for itself, without Redis."""
    counted = {}

    def count(client, *, now, kind="api", window=60):
        counted[client, kind] = counted.get((client, kind), 0) + 1
        return counted[client, kind]

    monkeypatch.setattr(rates, "count", count)
    return counted


@pytest.fixture
def clock():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


def hidden(html):
    """What the form carries without being typed."""
    return dict(
        re.findall(r'name="(key|csrfmiddlewaretoken|page)"[^>]*value="([^"]+)"', html)
    )


class Reader:
    """A browser that checks CSRF, as all browsers are."""

    def __init__(self, clock):
        self.client, self.clock = Client(enforce_csrf_checks=True), clock

    def open(self, **query):
        self.form = hidden(unescape(self.client.get(TELL, query).content.decode()))
        return self

    def send(self, *, after=10, body=None, **typed):
        self.clock.shift(timedelta(seconds=after))
        sent = {"message": "The notice was repealed.", **self.form, **typed}
        body = urlencode(sent) if body is None else body
        return self.client.post(TELL, body, content_type=FORM)


TELL_ZH = "/zh-hans" + TELL


@pytest.fixture
def reader(record, clock):
    return Reader(clock).open()


def test_a_tip_is_taken_in_and_its_receipt_says_nothing_personal(reader):
    answer = reader.send(
        about="1.2", source_url="https://example.org/x", email="me@example.org"
    )

    tip = Tip.objects.get()
    assert (answer.status_code, answer.url) == (
        302,
        f"/corrections/tips/{tip.reference}/",
    )
    assert (tip.commitment.ref, tip.email) == ("1.2", "me@example.org")
    html = reader.client.get(answer.url).content.decode()
    assert tip.reference in html and "Waits for an answer" in html
    assert "Join the pact" in html
    for personal in ("me@example.org", "repealed", "example.org/x"):
        assert personal not in html


def test_each_page_leads_to_the_form_and_names_itself(page, record):
    for address in ("/", "/changes/", "/commitments/join-the-pact/", "/method/"):
        html = page(address)
        where = urlencode({"page": address})
        assert f'href="{TELL}?{where}"' in html
        form = page(TELL, page=address)
        assert f'name="page" value="{address}"' in form
    form = page(TELL, page="/commitments/join-the-pact/?as_of=2026-05-01")
    assert 'name="about" value="1.2"' in form
    assert "as_of=2026-05-01" in form


def test_only_the_form_sets_a_cookie_and_it_is_not_kept_by_caches(client, record):
    for address in ("/", "/corrections/", "/corrections/tips/"):
        assert not client.get(address).cookies
    answer = client.get(TELL)
    assert list(answer.cookies) == ["csrftoken"]
    assert answer["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "page",
    [
        "https://evil.example/",
        "//evil.example",
        "x\0",
        "/a\u202eb",
        "/\\evil",
        "javascript:alert(1)",
    ],
)
def test_a_page_elsewhere_is_left_out(clock, record, page):
    reader = Reader(clock).open()
    reader.send(page=page)
    assert Tip.objects.get().page == ""


def kept(answer, status, *typed):
    """The answer has this status and still shows what was typed."""
    html = unescape(answer.content.decode())
    assert answer.status_code == status, html
    assert not Tip.objects.exists()
    for words in typed:
        assert words in html, words
    assert 'role="alert"' in html
    return html


HOSTILE = [
    ({"message": ""}, "This field is required"),
    ({"message": "kept\0words"}, "Null characters"),
    ({"message": "kept\u202ewords"}, "U+202E"),
    ({"message": "kept\x08words"}, "U+0008"),
    ({"message": "kept words " + "x" * 4000}, "4000"),
    ({"message": "kept words " + "x" * 1_000_000}, "4000"),
    ({"email": "kept@example.org\nBcc: all@example.org"}, "valid email"),
    ({"email": "kept@example.org\r\nSubject: x"}, "valid email"),
    ({"email": "kept"}, "valid email"),
    ({"email": "k" * 300 + "@example.org"}, "254"),
    ({"source_url": "ftp://kept.example/x"}, "http://"),
    ({"source_url": "javascript:kept()"}, "http://"),
    ({"source_url": "https://u:p@kept.example/"}, "user name or password"),
    ({"about": "kept 9.99"}, "No commitment has the number"),
    ({"about": "kept\u2066"}, "U+2066"),
]


@pytest.mark.parametrize(("typed", "words"), HOSTILE)
def test_hostile_input_is_refused_in_words_and_kept(reader, typed, words):
    typed = {"message": "My words stay.", **typed}
    # A browser cannot show a NUL, nor a line end in a field of one line.
    shown = [re.split(r"[\0\r\n]", value)[0] for value in typed.values()]
    kept(reader.send(**typed), 422, words, *shown)


def test_bytes_that_are_no_text_are_refused_and_the_rest_is_kept(reader):
    body = urlencode(reader.form) + "&message=kept%FF%FEwords"
    kept(reader.send(body=body), 422, "could not be read as text", "kept", "words")


def test_far_too_much_is_refused_unread(reader):
    html = kept(reader.send(message="x" * 3_000_000), 413, "Go back one page")
    assert len(html) < 100_000


def test_other_kinds_of_bodies_are_refused(reader):
    for kind, body in (
        ("application/json", "{}"),
        ("multipart/form-data; boundary=x", b"--x\r\nbroken"),
    ):
        answer = reader.client.post(TELL, body, content_type=kind)
        assert answer.status_code in (400, 415), kind
        assert "<form" in answer.content.decode()
    answer = reader.client.post(TELL, "message=x", f"{FORM}; charset=utf-16")
    assert answer.status_code == 400
    answer = reader.client.post(TELL, "&".join("a=b" for _ in range(2000)), FORM)
    assert answer.status_code == 400
    assert reader.client.put(TELL).status_code == 405


def test_who_is_too_fast_waits_and_sends_the_same_again(reader):
    html = kept(reader.send(after=1, message="My words."), 422, "faster", "My words.")
    reader.form = hidden(html)
    assert reader.send(after=4, message="My words.").status_code == 302


@pytest.mark.parametrize("key", ["", "forged.1.x", None])
def test_a_form_too_old_or_forged_gets_a_new_key_and_nothing_is_lost(reader, key):
    if key is None:
        answer = reader.send(after=25 * 3600, message="My words.")
    else:
        answer = reader.send(key=key, message="My words.")
    reader.form = hidden(kept(answer, 422, "My words."))
    assert reader.send(after=10, message="My words.").status_code == 302


def test_a_filled_in_trap_is_emptied_and_told(reader):
    html = kept(reader.send(homepage="https://spam.example"), 422, "do not see")
    assert "spam.example" not in html
    assert reader.send().status_code == 302


def test_a_form_from_another_site_or_without_the_cookie_keeps_what_was_typed(reader):
    cookieless = Client(enforce_csrf_checks=True)
    body = urlencode({"message": "My words.", "key": reader.form["key"]})
    kept(cookieless.post(TELL, body, content_type=FORM), 403, "cookie", "My words.")
    answer = reader.client.post(
        TELL,
        urlencode({**reader.form, "message": "My words."}),
        content_type=FORM,
        headers={"origin": "https://evil.example"},
    )
    kept(answer, 403, "My words.")


def test_sent_twice_is_taken_once(reader):
    first, again = reader.send(), reader.send(after=0)
    assert first.url == again.url
    assert Tip.objects.count() == 1


def test_one_address_sends_so_many_an_hour_and_others_go_on(record, clock, settings):
    settings.TRUSTED_PROXIES = 1
    codes = []
    for n in range(12):
        reader = Reader(clock)
        reader.client.defaults["HTTP_X_FORWARDED_FOR"] = f"2001:db8:0:1::{n:x}"
        codes.append(reader.open().send(message=f"Number {n}").status_code)
        clock.move_to(NOW)
    assert codes == [302] * 10 + [429] * 2
    html = reader.send(message="Still here.")
    assert html["Retry-After"] and "Still here." in html.content.decode()
    other = Reader(clock)
    other.client.defaults["HTTP_X_FORWARDED_FOR"] = "2001:db8:0:2::1"
    assert other.open().send().status_code == 302


def test_all_together_are_limited_where_nobody_is_counted(reader, monkeypatch):
    monkeypatch.setattr(rates, "count", lambda *a, **k: 0)
    monkeypatch.setattr(tip_form, "PER_HOUR", 1)
    assert reader.send().status_code == 302
    assert reader.open().send(message="More.").status_code == 429


def test_a_draft_cannot_be_named(reader):
    DraftFactory(ref="3.7", slug="secret-draft")
    for named in ("3.7", "secret-draft"):
        kept(reader.send(about=named), 422, "No commitment has the number")
    assert tip_form.commitment_of("/commitments/secret-draft/") is None


def test_an_unknown_reference_is_not_found(page, record):
    page("/corrections/tips/AAAA-BBBB-CCCC-DDDD/", code=404)


def test_the_form_and_the_answer_speak_the_language_of_the_page(page, record, clock):
    form = page(TELL_ZH, page="/zh-hans/commitments/join-the-pact/")
    assert 'name="about" value="1.2"' in form
    reader = Reader(clock).open()
    body = urlencode({**reader.form, "message": "公告已废止。"})
    clock.shift(timedelta(seconds=10))
    answer = reader.client.post(TELL_ZH, body, content_type=FORM)
    tip = Tip.objects.get()
    assert tip.language == "zh-hans"
    assert answer.url == f"/zh-hans/corrections/tips/{tip.reference}/"
    tip.email = "me@example.org"
    tip.save()
    services.decide_tip(
        tip=tip,
        verdict="declined",
        answer="It stands.",
        by=desk.account("rev", accounts.REVIEWER),
        at=moment(11, 25),
        seen=1,
    )
    tip_mail.send_answers(at=moment(11, 25))
    assert answer.url in mail.outbox[0].body
