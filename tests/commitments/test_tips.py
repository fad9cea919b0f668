"""Tips of readers: taken in once, answered by two duties, mailed once, forgotten."""

from datetime import timedelta
from smtplib import SMTPRecipientsRefused, SMTPServerDisconnected

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.db import DatabaseError, connection, transaction

from commitments import services
from commitments.models import DataVersion, Tip, TipStep
from commitments.rules import RuleBroken
from tests.factories import AT, CommitmentFactory, UserFactory

from . import desk

pytestmark = pytest.mark.django_db
LATER = AT + timedelta(days=2)


def tell(**given):
    values = {
        "message": "The notice was repealed in May.",
        "form_key": f"form-{Tip.objects.count()}",
        "email": "reader@example.org",
        "source_url": "https://example.org/repeal",
        "page": "/changes/",
        "at": AT,
        **given,
    }
    return services.receive_tip(**values)


@pytest.fixture
def ann():
    return desk.account("ann", "analyst")


@pytest.fixture
def rev():
    return desk.account("rev", "reviewer")


def decide(tip, rev, **given):
    values = {
        "verdict": "accepted",
        "answer": "The entry has been corrected.",
        "seen": tip.steps.count(),
        "at": LATER,
        **given,
    }
    return services.decide_tip(tip=tip, by=rev, **values)


def test_a_form_sent_twice_is_one_tip_and_other_words_are_another():
    first = tell(form_key="same")
    assert tell(form_key="same") == first
    assert tell(form_key="same", message="Something else.") != first
    assert TipStep.objects.filter(action="received").count() == 2


def test_a_reference_cannot_be_guessed_from_another():
    references = {tell().reference for _ in range(20)}
    assert len(references) == 20
    assert all(len(one) == 19 and one.count("-") == 3 for one in references)


def test_an_analyst_claims_and_drafts_and_a_reviewer_decides(ann, rev):
    tip = tell()
    services.claim_tip(tip=tip, by=ann, at=AT)
    tip = services.draft_answer(
        tip=tip, verdict="declined", answer="It stands.", by=ann, at=AT, seen=2
    )
    assert tip.decided_at is None and list(Tip.objects.drafted()) == [tip]
    with pytest.raises(RuleBroken, match="reviewer decides"):
        decide(tip, ann)
    version = DataVersion.current()

    decide(tip, rev)

    tip.refresh_from_db()
    assert (tip.verdict, tip.answer) == ("accepted", "The entry has been corrected.")
    assert tip.decided_by == f"user:{rev.pk}"
    assert tip.claimed_by is None
    assert DataVersion.current() > version
    assert [step.action for step in tip.steps.all()] == [
        *("received", "claimed", "drafted", "decided")
    ]


def test_a_claimed_tip_is_anothers_for_48_hours(ann, rev):
    tip = tell()
    services.claim_tip(tip=tip, by=ann, at=AT)
    with pytest.raises(RuleBroken, match="ann works on this"):
        services.claim_tip(tip=tip, by=rev, at=AT + timedelta(hours=47))
    bo = desk.account("bo", "analyst")
    with pytest.raises(RuleBroken, match="ann works on this"):
        services.release_tip(tip=tip, by=bo, at=AT)
    services.claim_tip(tip=tip, by=bo, at=AT + timedelta(hours=48))
    services.release_tip(tip=tip, by=rev, at=LATER)
    assert Tip.objects.get().claimed_by is None


def test_who_is_neither_analyst_nor_reviewer_touches_no_tip():
    tip, admin = tell(), desk.account("adm", "administrator")
    for act in (services.claim_tip, services.release_tip):
        with pytest.raises(RuleBroken, match="Analysts and reviewers"):
            act(tip=tip, by=admin, at=AT)


@pytest.mark.parametrize(
    ("given", "field", "words"),
    [
        ({"verdict": "lapsed"}, "verdict", "Choose one of"),
        ({"verdict": "accepted", "answer": " "}, "answer", "it is published"),
        ({"verdict": "declined", "answer": ""}, "answer", "it is published"),
        ({"answer": "<b>No</b>"}, "answer", "HTML is not taken"),
        ({"answer": "x" * 1001}, "answer", "at most 1000"),
        ({"answer": "Dear Reader@example.org"}, "answer", "sender's address"),
        ({"verdict": "duplicate"}, "duplicate_of", "says the same"),
    ],
)
def test_an_answer_that_cannot_be_published_is_refused(rev, given, field, words):
    with pytest.raises(RuleBroken, match=words) as refused:
        decide(tell(), rev, **given)
    assert refused.value.field == field
    assert Tip.objects.get().decided_at is None


def test_a_duplicate_names_the_first_tip_and_never_itself(rev):
    first, second, third = tell(), tell(), tell()
    decide(second, rev, verdict="duplicate", answer="", duplicate_of=first)
    decide(third, rev, verdict="duplicate", answer="", duplicate_of=second)
    assert Tip.objects.get(pk=third.pk).duplicate_of == first
    for named in (first, second):
        with pytest.raises(RuleBroken, match="cannot repeat itself"):
            decide(first, rev, verdict="duplicate", answer="", duplicate_of=named)


def test_a_decision_is_final_and_a_stale_form_is_told(ann, rev):
    tip = tell()
    services.claim_tip(tip=tip, by=ann, at=AT)
    with pytest.raises(RuleBroken, match="ann did something with this tip"):
        decide(tip, rev, seen=1)
    decide(tip, rev)
    with pytest.raises(RuleBroken, match="decided already .accepted, by rev"):
        decide(tip, rev, verdict="declined")


@pytest.mark.parametrize(
    "change",
    [
        {"decided_at": LATER},
        {"decided_by": "user:1"},
        {"verdict": "accepted"},
        {"verdict": "wrong", "answer": "x"},
        {"verdict": "duplicate"},
        {"erased_at": LATER},
        {"decided_at": AT - timedelta(1), "decided_by": "x", "verdict": "lapsed"},
    ],
)
def test_the_database_refuses_a_tip_that_contradicts_itself(change):
    tip = tell()
    with pytest.raises(DatabaseError), transaction.atomic():
        Tip.objects.filter(pk=tip.pk).update(**change)


def test_steps_are_kept_for_good():
    tell()
    table = TipStep._meta.db_table
    for sql in (f"UPDATE {table} SET comment = 'x'", f"DELETE FROM {table}"):
        with pytest.raises(DatabaseError), transaction.atomic():
            connection.cursor().execute(sql)


def test_what_a_sender_wrote_is_gone_after_90_days_and_the_outcome_stays(rev):
    answered, open_one, fresh = tell(), tell(), tell(at=AT + timedelta(days=1))
    decide(answered, rev)
    day = AT + timedelta(days=90)

    assert services.forget_senders(at=day - timedelta(seconds=1))["erased"] == 0
    assert services.forget_senders(at=day) == {"erased": 2, "lapsed": 1}
    assert services.forget_senders(at=day) == {"erased": 0, "lapsed": 0}

    for tip in (answered, open_one):
        tip.refresh_from_db()
        assert [getattr(tip, name) for name in Tip.PERSONAL] == ["", "", "", ""]
        assert tip.reference and tip.erased_at == day
    assert (answered.verdict, answered.answer) == (
        "accepted",
        "The entry has been corrected.",
    )
    assert (open_one.verdict, open_one.decided_by) == ("lapsed", "machine:upkeep")
    fresh.refresh_from_db()
    assert fresh.message and fresh.decided_at is None


def test_nothing_personal_is_left_in_any_table_after_90_days(ann, rev):
    tip = tell(message="zqword", email="zq@example.org", source_url="", page="/zq/")
    services.claim_tip(tip=tip, by=ann, at=AT)
    decide(tip, rev)
    services.send_tip_answers(at=LATER)
    services.forget_senders(at=AT + timedelta(days=90))
    for table in (Tip._meta.db_table, TipStep._meta.db_table):
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT * FROM {table}")
            assert "zq" not in str(cursor.fetchall())


def test_the_answer_is_mailed_once_to_those_who_left_an_address(rev):
    tip, quiet = (
        tell(commitment=CommitmentFactory(title="Open the sea")),
        tell(email=""),
    )
    assert services.send_tip_answers(at=AT) == 0
    decide(tip, rev, commitment=tip.commitment)
    decide(quiet, rev)

    sent = [services.send_tip_answers(at=LATER) for _ in range(3)]

    assert sent == [1, 0, 0]
    (told,) = mail.outbox
    assert told.to == ["reader@example.org"]
    for words in ("The entry has been corrected.", "Open the sea", tip.reference):
        assert words in told.body
    assert "repealed" not in told.body
    assert tip.reference in told.subject and "\n" not in told.subject
    assert told.extra_headers["Auto-Submitted"] == "auto-generated"


def test_a_duplicate_is_mailed_the_answer_of_the_first(rev):
    first, second = tell(email=""), tell()
    decide(first, rev)
    decide(second, rev, verdict="duplicate", answer="", duplicate_of=first)
    services.send_tip_answers(at=LATER)
    assert "The entry has been corrected." in mail.outbox[0].body
    assert "told us the same before" in mail.outbox[0].body


class Failing(EmailBackend):
    """A mail server that can refuse to open, refuse one address, or hang up."""

    opens, fault, tried = True, None, 0

    def open(self):
        if not type(self).opens:
            raise ConnectionRefusedError("No mail server.")

    def send_messages(self, messages):
        type(self).tried += 1
        if type(self).fault and type(self).tried == 1:
            raise type(self).fault
        return super().send_messages(messages)


@pytest.fixture
def server(settings, monkeypatch):
    settings.EMAIL_BACKEND = f"{__name__}.Failing"
    monkeypatch.setattr(Failing, "tried", 0)
    return lambda **how: [monkeypatch.setattr(Failing, k, v) for k, v in how.items()]


def test_a_mail_server_that_cannot_be_reached_loses_no_answer(rev, server):
    decide(tell(), rev)
    server(opens=False)
    with pytest.raises(ConnectionRefusedError):
        services.send_tip_answers(at=LATER)
    assert Tip.objects.get().mailed_at is None
    server(opens=True)
    assert services.send_tip_answers(at=LATER) == 1


@pytest.mark.parametrize(
    ("fault", "sent"),
    [
        (SMTPRecipientsRefused({}), [1, 0]),
        (SMTPServerDisconnected("gone"), [0, 1]),
    ],
)
def test_a_mail_that_fails_half_way_is_never_sent_twice(rev, server, fault, sent):
    for address in ("one@example.org", "two@example.org"):
        decide(tell(email=address), rev)
    server(fault=fault)
    assert [services.send_tip_answers(at=LATER) for _ in range(2)] == sent
    assert [message.to for message in mail.outbox] == [["two@example.org"]]


def test_what_a_tip_led_to_is_noted_whatever_its_state(ann, rev):
    tip, commitment = tell(), desk.assessed()
    entry = commitment.history.latest("seq")
    services.link_tip(tip=tip, made=entry, by=ann, at=AT)
    tip = decide(Tip.objects.get(), rev)
    document = commitment.evidence.get()
    services.link_tip(tip=tip, made=document, by=rev, at=LATER)
    tip = Tip.objects.with_results().get()
    assert (tip.made_entry, tip.made_evidence) == (entry, document)
    with pytest.raises(RuleBroken):
        services.link_tip(tip=tip, made=entry, by=UserFactory(), at=LATER)
