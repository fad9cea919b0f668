from datetime import date

import pytest
from django.http import QueryDict

from commitments import forms
from commitments.models import Evidence

from . import desk

pytestmark = pytest.mark.django_db
TODAY = date(2026, 6, 2)


def filled(form, commitment, data, **extra):
    query = QueryDict(mutable=True)
    for name, value in data.items():
        query.setlist(name, value if isinstance(value, list) else [value])
    return form(
        query, commitment=commitment, user=desk.account("ann"), today=TODAY, **extra
    )


def shown(form, commitment, **extra):
    return form(commitment=commitment, user=desk.account("ann"), today=TODAY, **extra)


def test_dates_default_to_today():
    form = shown(forms.AssessForm, desk.published())
    assert form["effective_on"].initial == TODAY
    assert form["looked_until"].initial == TODAY


def test_new_evidence_is_whole_or_absent():
    commitment = desk.published()
    data = desk.assessment(commitment, new_summary="", new_publisher="")
    form = filled(forms.AssessForm, commitment, data)
    assert set(form.errors) == {"new_summary", "new_publisher"}


def test_refusal_lands_on_its_field_and_leaves_no_document():
    commitment = desk.published()
    data = desk.assessment(commitment, new_nature="announcement")
    form = filled(forms.AssessForm, commitment, data)
    assert form.is_valid()
    assert form.save(by=desk.account("ann"), at=desk.AT) is None
    assert "Announcements alone" in str(form.errors["evidence"])
    assert not Evidence.objects.exists()


def test_slug_of_a_new_document_is_free():
    desk.document("the-law")
    assert Evidence.objects.free_slug("The law") == "the-law-2"
    assert Evidence.objects.free_slug("法律") == "document"


def test_amend_wording_changes_only_what_differs():
    commitment = desk.published()
    law = desk.document()
    commitment.evidence.add(law)
    data = {
        "seen": commitment.latest_entry_id,
        "reason": "The notice says so.",
        "title": commitment.title,
        "statement": "It will be done\r\nsoon.",
        "reading": commitment.reading,
        "part_a": "A law is in force",
        "part_b": "It is used widely",
        "evidence": [law.pk],
        "effective_on": "2026-05-01",
        "precision": "day",
    }
    form = filled(forms.AmendWordingForm, commitment, data)
    assert form.is_valid(), form.errors
    assert form.changes() == {
        "statement": "It will be done\nsoon.",
        "criteria": {"b": "It is used widely"},
    }
    entry = desk.signed(form.save(by=desk.account("ann"), at=desk.AT))
    commitment.refresh_from_db()
    assert entry.kind == "wording"
    assert commitment.criteria.get(key="b").text == "It is used widely"


def test_move_deadline_names_its_document():
    commitment = desk.published()
    data = {
        "seen": commitment.latest_entry_id,
        "due_on": "2028-01-01",
        "due_precision": "year",
        "reason": "Moved.",
        "effective_on": "2026-05-01",
        "precision": "day",
    }
    form = filled(forms.MoveDeadlineForm, commitment, data)
    assert form.is_valid()
    assert form.save(by=desk.account("ann"), at=desk.AT) is None
    assert "evidence" in form.errors
    commitment.evidence.add(law := desk.document())
    form = filled(forms.MoveDeadlineForm, commitment, {**data, "evidence": [law.pk]})
    assert form.is_valid()
    entry = desk.signed(form.save(by=desk.account("ann"), at=desk.AT))
    assert entry.due_on == date(2028, 12, 31)


def test_claim_keeps_the_status():
    commitment = desk.assessed()
    data = {
        "seen": commitment.latest_entry_id,
        "position": "declared_complete",
        "body": desk.body().pk,
        "reason": "Said at a briefing.",
        "evidence": [commitment.evidence.get().pk],
        "effective_on": "2026-05-01",
        "precision": "day",
    }
    form = filled(forms.ClaimForm, commitment, data)
    assert form.is_valid(), form.errors
    desk.signed(form.save(by=desk.account("ann"), at=desk.AT))
    commitment.refresh_from_db()
    assert commitment.has_claim_gap
    assert commitment.status == "under_way"


def test_merge_and_withdraw_and_milestone_and_attach():
    first, second = desk.assessed("1.1"), desk.assessed("1.2")
    step = second.milestones.create(key="signed", title="Signed")
    person = desk.account("ann")
    data = {
        "seen": second.latest_entry_id,
        "milestone": step.pk,
        "reason": "Signed.",
        "evidence": [second.evidence.get().pk],
        "effective_on": "2026-05-01",
        "precision": "day",
    }
    form = filled(forms.MeetMilestoneForm, second, data)
    assert form.is_valid(), form.errors
    entry = desk.signed(form.save(by=person, at=desk.AT))
    data = {"seen": entry.seq, "reason": "More.", "evidence": data["evidence"]}
    second.refresh_from_db()
    assert not shown(forms.MeetMilestoneForm, second).fields["milestone"].queryset
    form = filled(forms.AttachEvidenceForm, second, data)
    assert form.is_valid()
    entry = form.save(by=person, at=desk.AT)
    form = filled(
        forms.MergeForm,
        second,
        {"seen": entry.seq, "into": first.pk, "reason": "Same."},
    )
    assert form.is_valid()
    assert form.save(by=person, at=desk.AT).merged_into == first
    data = {"seen": first.latest_entry_id, "reason": "Out of scope."}
    form = filled(forms.WithdrawForm, first, data)
    assert form.is_valid()
    assert form.save(by=person, at=desk.AT).kind == "withdrawn"


@pytest.mark.parametrize("kind", ["claim", "deadline", "review", "evidence"])
def test_correct_form_asks_for_what_the_entry_says(kind):
    from commitments import services

    commitment = desk.assessed()
    person = desk.account("ann")
    law = [commitment.evidence.get()]
    common = {"commitment": commitment, "reason": "R.", "by": person, "at": desk.AT}
    day = {"effective_on": date(2026, 5, 1)}
    signed = {"approver": desk.account("second", "reviewer")}
    entry = {
        "claim": lambda: services.record_claim(
            position="announced",
            body=desk.body(),
            evidence=law,
            **day,
            **common,
            **signed,
        ),
        "deadline": lambda: services.move_deadline(
            due_on=date(2028, 1, 1),
            due_precision="day",
            evidence=law,
            **day,
            **common,
            **signed,
        ),
        "review": lambda: services.review(
            looked_until=TODAY.replace(day=1), **day, **common
        ),
        "evidence": lambda: services.attach_evidence(evidence=law, **common),
    }[kind]()
    commitment.refresh_from_db()
    form = shown(forms.CorrectForm, commitment, entry=entry)
    data = {
        name: form[name].value()
        for name in form.fields
        if form[name].value() is not None
    }
    data["evidence"] = [d.pk for d in law]
    data |= {"reason": "It was another day.", "effective_on": "2026-05-02"}
    form = filled(
        forms.CorrectForm,
        commitment,
        {k: v for k, v in data.items() if v not in (False, "")},
        entry=entry,
    )
    assert form.is_valid(), form.errors
    proposal = form.save(by=person, at=desk.AT)
    assert proposal is not None, form.errors
    correction = desk.signed(proposal)
    assert (correction.refers_to, correction.effective_on) == (entry, date(2026, 5, 2))
    assert entry not in forms.correctable(commitment)
