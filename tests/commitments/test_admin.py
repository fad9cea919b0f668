import re
from datetime import timedelta

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from commitments import services
from commitments.admin.acts import ACTS
from commitments.models import Commitment, Evidence, Flag, HistoryEntry, Passage, Source
from tests.factories import DraftFactory

from . import desk

pytestmark = pytest.mark.django_db


@pytest.fixture
def analyst(client):
    user = desk.account("ann", "analyst")
    client.force_login(user)
    return user


@pytest.fixture
def reviewer(client):
    user = desk.account("rev", "reviewer")
    client.force_login(user)
    return user


def url(commitment, act):
    name = act.replace("-", "_")
    return reverse(f"admin:commitments_commitment_{name}", args=[commitment.pk])


def text(response):
    return response.content.decode()


def test_every_model_is_registered_and_searchable():
    for model in apps.get_app_config("commitments").get_models():
        if model._meta.auto_created:
            continue
        page = admin.site._registry[model]
        assert page.search_fields, model


# What readers wrote is for those who answer it.
NOT_FOR_ADMINISTRATORS = ("tip", "tipstep")


@pytest.mark.parametrize("path", ["changelist", "add"])
def test_every_page_opens_for_an_administrator(client, path):
    desk.assessed()
    user = desk.account("root", "administrator")
    client.force_login(user)
    for model in apps.get_app_config("commitments").get_models():
        address = reverse(f"admin:commitments_{model._meta.model_name}_{path}")
        status = client.get(address, {"q": "a"} if path == "changelist" else {})
        allowed = (200,) if path == "changelist" else (200, 403)
        if model._meta.model_name in NOT_FOR_ADMINISTRATORS:
            allowed = (403,)
        assert status.status_code in allowed, address


def test_assess_with_new_evidence_end_to_end(client, analyst):
    commitment = desk.assessed()
    data = desk.assessment(commitment)
    response = desk.hand_in(client, url(commitment, "assess"), data)
    assert response.status_code == 302, text(response)
    commitment.refresh_from_db()
    assert commitment.status == "under_way"
    entry = desk.signed(commitment.proposals.get())
    commitment.refresh_from_db()
    assert (commitment.status, commitment.criteria_met) == ("partly_delivered", ["a"])
    assert commitment.latest_entry == entry
    assert entry.text.author == analyst
    assert [d.slug for d in entry.evidence.all()] == ["the-new-law"]
    assert entry.sign_off == "signed"
    address = reverse("admin:commitments_commitment_change", args=[commitment.pk])
    page = text(client.get(address))
    assert "The law is in force since May." in page
    assert entry.digest[:12] in page


def test_assess_reuses_a_document_known_by_its_address(client, analyst):
    commitment = desk.published()
    known = desk.document("known")
    written = "HTTP://www.Example.org:80/known/?utm_source=mail#top"
    data = desk.assessment(commitment, new_url=written, new_title="Other title")
    page = text(client.post(url(commitment, "assess"), data))
    assert "This address is known" in page
    assert desk.hand_in(client, url(commitment, "assess"), data).status_code == 302
    entry = desk.signed(commitment.proposals.get())
    assert list(entry.evidence.all()) == [known]
    known.refresh_from_db()
    assert known.title == "Document known"


def test_refused_rule_shows_its_message_and_keeps_the_input(client, analyst):
    commitment = desk.published()
    data = desk.assessment(commitment, status="delivered")
    response = client.post(url(commitment, "assess"), data)
    assert response.status_code == 200
    page = text(response)
    assert "every part of the test is met" in page
    assert "The law is in force since May." in page
    assert "https://example.org/new-law" in page
    assert not Evidence.objects.exists()
    assert commitment.history.count() == 1


def test_stale_form_says_who_keeps_the_input_and_saves_then(client, analyst):
    commitment = desk.published()
    data = desk.assessment(commitment)
    law = desk.document()
    colleague = desk.account("colleague")
    services.attach_evidence(
        commitment=commitment, evidence=[law], reason="Seen.", by=colleague, at=desk.AT
    )
    response = client.post(url(commitment, "assess"), data)
    page = text(response)
    assert "colleague" in page
    assert "The law is in force since May." in page
    seen = re.search(r'name="seen" value="(\d+)"', page)[1]
    assert int(seen) == HistoryEntry.objects.order_by("-seq").first().seq
    again = desk.hand_in(client, url(commitment, "assess"), {**data, "seen": seen})
    assert again.status_code == 302


def test_form_without_seen_is_refused(client, analyst):
    commitment = desk.published()
    data = desk.assessment(commitment, seen="")
    response = client.post(url(commitment, "assess"), data)
    assert "Open the form again" in text(response)
    assert commitment.history.count() == 1


def test_assess_page_says_why_a_status_is_not_allowed(client, analyst):
    commitment = desk.assessed()
    page = text(client.get(url(commitment, "assess")))
    assert "Not allowed as the next step: It already has this status" in page
    assert "A reviewer signs this off before readers see it" in page
    assert f'value="{timezone.localdate()}"' in page


@pytest.mark.parametrize("act", [act.name for act in ACTS])
def test_act_pages_have_no_inline_styles_or_handlers(client, reviewer, act):
    commitment = desk.draft() if act == "publish" else desk.assessed()
    entry = {"entry": commitment.latest_entry_id} if act == "correct" else {}
    page = text(client.get(url(commitment, act), entry))
    assert not re.search(r"\s(style|on[a-z]+)=[\"']|<script>", page)
    assert "csrfmiddlewaretoken" in page


@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.name)
@pytest.mark.parametrize("group", ["analyst", "reviewer", "administrator"])
def test_acts_are_for_their_groups(client, group, act):
    commitment = desk.draft() if act.name == "publish" else desk.assessed()
    client.force_login(desk.account("someone", group))
    decides = act.name in ("publish", "withdraw", "merge")
    allowed = group in (
        ("reviewer", "administrator") if decides else ("analyst", "reviewer")
    )
    address = reverse("admin:commitments_commitment_change", args=[commitment.pk])
    assert (url(commitment, act.name) in text(client.get(address))) is allowed
    status = client.post(url(commitment, act.name)).status_code
    assert (status == 403) is not allowed


def test_looking_at_a_form_records_nothing(client, reviewer):
    commitment = desk.assessed()
    for act in ACTS:
        client.get(url(commitment, act.name), desk.assessment(commitment))
    assert commitment.history.count() == 2


def test_posts_need_the_csrf_token(analyst):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(analyst)
    commitment = desk.published()
    data = desk.assessment(commitment)
    assert strict.post(url(commitment, "assess"), data).status_code == 403
    assert commitment.history.count() == 1


def test_reviewer_confirms_a_status_of_another(client, reviewer):
    commitment = desk.assessed()
    data = {
        "seen": commitment.latest_entry_id,
        "reason": "Read the law.",
        "confirms": "on",
        "looked_until": "2026-06-02",
        "effective_on": "2026-06-02",
    }
    assert client.post(url(commitment, "review"), data).status_code == 302
    commitment.refresh_from_db()
    assert commitment.signed_off


def test_own_status_cannot_be_confirmed(client, reviewer):
    commitment = desk.assessed(by=reviewer)
    assert 'name="confirms"' not in text(client.get(url(commitment, "review")))


def test_analyst_cannot_confirm(client, analyst):
    commitment = desk.assessed()
    assert 'name="confirms"' not in text(client.get(url(commitment, "review")))


def test_publish_shows_a_draft_to_readers(client, reviewer):
    commitment = desk.draft()
    assert client.post(url(commitment, "publish"), {"reason": ""}).status_code == 302
    commitment.refresh_from_db()
    assert commitment.standing == "published"


def test_correct_strikes_an_entry_out(client, analyst):
    commitment = desk.assessed()
    entry = commitment.latest_entry
    assert f"?entry={entry.seq}" in text(client.get(url(commitment, "correct")))
    data = {
        "seen": entry.seq,
        "entry": entry.seq,
        "strike": "on",
        "reason": "It was another law.",
        "status": "under_way",
        "confidence": "high",
        "effective_on": "2026-04-01",
        "precision": "day",
        "looked_until": "2026-06-01",
    }
    response = desk.hand_in(client, url(commitment, "correct"), data)
    assert response.status_code == 302, text(response)
    desk.signed(commitment.proposals.get())
    commitment.refresh_from_db()
    assert commitment.status == ""


def test_correct_takes_entries_of_its_own_commitment_only(client, analyst):
    other, commitment = desk.assessed("1.2"), desk.assessed("1.1")
    address = url(commitment, "correct")
    assert client.get(address, {"entry": other.latest_entry_id}).status_code == 404
    assert client.get(address, {"entry": "x"}).status_code == 404


def change(client, commitment, **values):
    address = reverse("admin:commitments_commitment_change", args=[commitment.pk])
    forms = {
        f"{prefix}-{name}": 0
        for prefix in ("criteria", "milestones", "responsibilities")
        for name in ("TOTAL_FORMS", "INITIAL_FORMS")
    }
    return client.post(address, {**forms, "specificity": "partly", **values})


def test_published_wording_cannot_be_edited_on_the_form(client, analyst):
    commitment = desk.assessed()
    source = Source.objects.create(slug="s", title="S", kind="speech", language="en")
    passage = Passage.objects.create(
        source=source, ref="1.1.1", position=1, role="commitment", summary="S"
    )
    before = Commitment.objects.values().get(pk=commitment.pk)
    response = change(
        client,
        commitment,
        passages=[passage.pk],
        title="Other",
        slug="other",
        statement="Other",
        status="delivered",
        original_due_on="2029-01-01",
    )
    assert response.status_code == 302, text(response)
    after = Commitment.objects.values().get(pk=commitment.pk)
    assert after.pop("specificity") == "partly"
    before.pop("specificity")
    assert after == before


@pytest.mark.parametrize("ref", ["1.²", "1.9999999999", "a'b", "1.14 b", "٣.٣"])
def test_a_draft_has_a_reference_that_can_be_put_in_order(client, analyst, ref):
    draft = DraftFactory(ref="1.14")

    refused = change(client, draft, ref=ref)

    assert "a running number, like 1.14." in text(refused)
    draft.refresh_from_db()
    assert draft.ref == "1.14"


def test_history_cannot_be_changed_through_any_address(client):
    user = desk.account("root", "administrator")
    user.is_superuser = True
    user.save()
    client.force_login(user)
    commitment = desk.assessed()
    before = list(HistoryEntry.objects.values())
    for name in (
        "historyentry",
        "historytext",
        "citation",
        "state",
        "flag",
        "proposalstep",
    ):
        model = apps.get_model("commitments", name)
        row = model.objects.first()
        addresses = [reverse(f"admin:commitments_{name}_add")]
        if row:
            addresses += [
                reverse(f"admin:commitments_{name}_{page}", args=[row.pk])
                for page in ("change", "delete")
            ]
        for address in addresses:
            data = {"post": "yes", "kind": "review", "reason": "x"}
            assert client.post(address, data).status_code == 403, address
    address = reverse("admin:commitments_commitment_delete", args=[commitment.pk])
    assert client.post(address, {"post": "yes"}).status_code == 403
    assert list(HistoryEntry.objects.values()) == before


def test_history_entry_can_be_read(client, analyst):
    entry = desk.assessed().latest_entry
    page = client.get(reverse("admin:commitments_historyentry_change", args=[entry.pk]))
    assert "A law was drafted." in text(page)
    assert entry.text.reason_salt not in text(page)


def test_flags_are_open_by_default_and_filtered_by_age(client, analyst):
    today = timezone.localdate()
    for number, (days, closed) in enumerate(((3, None), (60, None), (5, desk.AT)), 1):
        Flag.objects.create(
            commitment=desk.published(f"1.{number}"),
            reason="stale",
            since_on=today - timedelta(days),
            opened_at=desk.AT,
            closed_at=closed,
        )
    address = reverse("admin:commitments_flag_changelist")

    def shown(**query):
        return client.get(address, query).context["cl"].result_count

    assert (shown(), shown(state="closed"), shown(state="all")) == (2, 1, 3)
    assert (shown(age="week"), shown(age="quarter"), shown(age="older")) == (1, 1, 0)
    assert shown(reason__exact="stale") == 2
    assert "more than twice its review interval" in text(client.get(address))


def test_group_names_are_those_of_the_product():
    desk.account("x", "analyst")
    assert set(Group.objects.values_list("name", flat=True)) == {
        "analyst",
        "reviewer",
        "administrator",
    }


def test_what_is_not_allowed_is_told_on_a_page_of_its_own(client):
    client.force_login(desk.account("root", "administrator"))

    told = client.get(url(desk.assessed(), "assess"))
    plain = client.get(reverse("admin:commitments_historyentry_add"))

    assert told.status_code == plain.status_code == 403
    assert "“Assess” is for the groups analyst and reviewer." in text(told)
    assert "nothing was changed" in text(plain)
