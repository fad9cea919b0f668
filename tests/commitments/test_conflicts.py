"""Two people who opened the same form, and both send it: nobody's work is lost unseen.

What machines hand in by the API is a draft of its own, and replaces nothing.
"""

import pytest
from django.test import Client
from django.urls import reverse

from commitments.models import Proposal, Topic

from . import desk
from .test_sign_off_races import at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(1800)]


def analysts(number):
    """Return browsers of so many people who may edit."""
    clients = []
    for n in range(number):
        client = Client()
        client.force_login(desk.account(f"ann-{n}", "analyst"))
        clients.append(client)
    return clients


def topic_page(topic):
    return reverse("admin:commitments_topic_change", args=[topic.pk])


def opened(client, topic):
    """Return what the form of a topic holds, as the browser would send it."""
    page = client.get(topic_page(topic))
    values = page.context["adminform"].form.initial
    kept = {name: value or "" for name, value in values.items() if name != "slug"}
    return {**kept, "seen_change": page.context["seen_change"]}


def edits(clients, topic):
    """Each opens the form of a topic; return how each then sends a name of its own."""
    forms = [opened(client, topic) for client in clients]

    def edit(number):
        typed = f"Ports {topic.pk} as {number} has it"
        sent = {**forms[number], "name": typed}
        return typed, clients[number].post(topic_page(topic), sent)

    return [lambda number=number: edit(number) for number in range(len(clients))]


def drafts(clients, commitment):
    """Each opens the form of a commitment; return how each keeps a draft of its own."""
    address = reverse("admin:commitments_commitment_assess", args=[commitment.pk])
    latest = clients[0].get(address).context["form"]["seen_step"].value()

    def draft(number):
        typed = f"The law is in force, says {number}."
        data = desk.assessment(commitment, reason=typed, seen_step=latest or "")
        return typed, clients[number].post(address, {**data, "_draft": "Keep"})

    return [lambda number=number: draft(number) for number in range(len(clients))]


def one_won(came, told):
    """Return what the one who was first typed; the others are told, with what they typed."""
    won = [typed for typed, answer in came if answer.status_code == 302]
    lost = [(typed, answer) for typed, answer in came if answer.status_code != 302]
    assert len(won) == 1, [answer.status_code for _, answer in came]
    for typed, answer in lost:
        page = answer.content.decode()
        assert answer.status_code == 200 and typed in page and told in page
    return won[0]


EDITED = "This has been changed since you opened it"
DRAFTED = "since you opened the form"


@pytest.mark.parametrize("pairs", [10, pytest.param(1000, marks=pytest.mark.faults)])
def test_of_two_who_edit_at_once_one_is_told(pairs):
    two = analysts(2)
    for number in range(pairs // 2):
        topic = Topic.objects.create(slug=f"topic-{number}", name=f"Topic {number}")
        won = one_won(at_once(*edits(two, topic)), EDITED)
        topic.refresh_from_db()
        assert topic.name == won

        commitment = desk.published(f"1.{number + 1}")
        won = one_won(at_once(*drafts(two, commitment)), DRAFTED)
        kept = Proposal.objects.get(commitment=commitment)
        assert kept.content["reason"] == won


def test_who_edits_in_two_windows_is_told_in_the_second():
    (ann,) = analysts(1)
    topic = Topic.objects.create(slug="ports", name="Ports")

    came = [act() for act in edits([ann, ann], topic)]

    assert one_won(came, EDITED) == came[0][0]


def test_of_twenty_who_edit_at_once_nineteen_are_told():
    many = analysts(20)
    topic = Topic.objects.create(slug="ports", name="Ports")

    won = one_won(at_once(*edits(many, topic)), EDITED)

    topic.refresh_from_db()
    assert topic.name == won
