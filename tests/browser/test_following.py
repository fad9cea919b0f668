"""Following in a browser, from the form to the end, through the mails in var/mail/."""

from datetime import timedelta
from email import message_from_bytes, policy

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from tests.commitments import desk
from tests.factories import EvidenceFactory, assess
from tests.tracker.following.people import follower
from tracker.following import sending, spreading, tokens, wishes

from .conftest import DESKTOP, PHONE

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def mails(settings, tmp_path, live_server):
    """Do what the workers do, and return the mails that came of it."""
    settings.EMAIL_BACKEND = "tracker.backends.FolderAndConsole"
    settings.EMAIL_FILE_PATH = str(tmp_path / "mail")
    settings.SITE_URL = live_server.url
    read = set()

    def arrived():
        wishes.take_up(at=timezone.now())
        spreading.tell_at_once(at=timezone.now())
        sending.send_due(clock=timezone.now)
        new = sorted(set((tmp_path / "mail").glob("*.eml")) - read)
        read.update(new)
        return [
            message_from_bytes(file.read_bytes(), policy=policy.default) for file in new
        ]

    return arrived


def text(message):
    return message.get_body(("plain",)).get_content()


def link(message, kind):
    return next(
        line for line in text(message).splitlines() if f"/follow/{kind}/" in line
    )


def test_a_reader_follows_hears_of_a_change_and_unsubscribes(open_page, mails):
    commitment = desk.assessed()
    page = open_page(viewport=PHONE)

    page.goto(commitment.get_absolute_url())
    page.get_by_label("E-mail address").fill("reader@example.org")
    page.get_by_label("How often").select_option("now")
    page.get_by_role("button", name="Follow by e-mail").click()
    expect(page.get_by_role("heading", name="Look into your mail")).to_be_visible()

    (question,) = mails()
    assert question["To"] == "reader@example.org"
    page.goto(link(question, "confirm"))
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("status")).to_contain_text("Confirmed")
    expect(page.get_by_role("heading", name=commitment.title)).to_be_visible()

    assess(
        commitment,
        status="delivered",
        criteria_met=["a", "b"],
        reason="The law is in force.",
        evidence=[EvidenceFactory(official=True, type="law", title="Law 7")],
        effective_on=timezone.localdate(),
        at=timezone.now(),
    )
    (news,) = mails()
    assert "Delivered" in news["Subject"]
    assert "The law is in force." in text(news) and "Law 7" in text(news)
    page.goto(next(line for line in text(news).splitlines() if "#entry-" in line))
    expect(page.get_by_text("The law is in force.").first).to_be_visible()

    page.goto(link(news, "stop"))
    page.get_by_role("button", name="End all mail").click()
    expect(page.get_by_role("heading", name="No more mail")).to_be_visible()
    assess(
        commitment,
        status="reversed",
        effective_on=timezone.localdate(),
        at=timezone.now() + timedelta(seconds=1),
    )
    assert mails() == []
    assert page.context.cookies() == []


def test_a_chinese_reader_does_all_of_it_in_chinese(open_page, mails):
    commitment = desk.assessed()
    page = open_page(viewport=PHONE)

    page.goto("/zh-hans" + commitment.get_absolute_url())
    page.get_by_label("电子邮箱").fill("reader@example.org")
    page.get_by_label("频率").select_option("now")
    page.get_by_role("button", name="邮件订阅").click()
    expect(page.get_by_role("heading", name="请查看邮箱")).to_be_visible()

    (question,) = mails()
    assert "请确认您要订阅" in question["Subject"]
    page.goto(link(question, "confirm"))
    page.get_by_role("button", name="确认").click()
    expect(page.get_by_role("heading", name=commitment.title)).to_be_visible()

    assess(
        commitment,
        status="delivered",
        criteria_met=["a", "b"],
        evidence=[EvidenceFactory(official=True, type="law", title="Law 7")],
        effective_on=timezone.localdate(),
        at=timezone.now(),
    )
    (news,) = mails()
    assert "已落实" in news["Subject"] and "落实状态：" in text(news)
    page.goto(link(news, "stop"))
    page.get_by_role("button", name="结束全部邮件").click()
    expect(page.get_by_role("heading", name="不再发送邮件")).to_be_visible()
    assert page.evaluate("document.documentElement.lang") == "zh-Hans"


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_of_following_have_no_axe_violations(
    open_page, violations, viewport, scheme
):
    commitment = desk.assessed()
    at = timezone.now()
    one = follower("a@example.org", f"commitment={commitment.slug}", "", at=at)
    wishes.to_follow(
        address="a@example.org",
        filters="entry=status",
        scope="all",
        cadence="weekly",
        language="en-gb",
        at=at,
    )
    wishes.take_up(at=at)
    page = open_page(viewport=viewport, color_scheme=scheme)

    found = []
    for address in (
        "/follow/",
        "/follow/?status=under_way",
        "/follow/?status=nothing",
        "/follow/asked/",
        "/follow/mine/",
        "/follow/mine/forged/",
        "/changes/",
        *(
            f"/follow/{purpose.value[0]}/{tokens.made(purpose, one, at=at)}/"
            for purpose in tokens.Purpose
        ),
    ):
        page.goto(address)
        found += violations(page)
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= viewport["width"], address
    assert found == []
