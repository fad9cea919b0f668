"""The desk orders a release: written down by a page, made once by a worker."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from tests.factories import CommitmentFactory, UserFactory
from tracker import tasks
from tracker.models import Release, ReleaseOrder
from tracker.releases import making, ordering

pytestmark = pytest.mark.django_db
PAGE = "/admin/tracker/release/add/"


def test_an_administrator_orders_a_release_and_reads_what_came_of_it(desk):
    client = desk("administrator")
    CommitmentFactory()
    listed = client.get("/admin/tracker/release/").content.decode()
    assert f'href="{PAGE}"' in listed and "Make a release now" in listed
    assert "There is no release yet" in client.get(PAGE).content.decode()

    waits = client.post(PAGE, follow=True).content.decode()
    assert "Waits for a worker" in waits and not Release.objects.exists()
    assert " disabled" in waits
    tasks.fill_release_order()

    page = client.get(PAGE).content.decode()
    assert Release.objects.get().number == 1
    assert "Release 1 was made." in page and " disabled" not in page
    client.post(PAGE)
    tasks.fill_release_order()
    assert "Release 1 holds all there is" in client.get(PAGE).content.decode()
    assert Release.objects.count() == 1


@pytest.mark.parametrize("group", ["analyst", "reviewer"])
def test_nobody_else_orders_one(desk, group):
    client = desk(group)

    assert client.get(PAGE).status_code == client.post(PAGE).status_code == 403
    assert not ReleaseOrder.objects.exists()


def test_two_orders_are_one_while_the_first_is_open(now):
    first = ordering.order(by=UserFactory(), at=now)

    assert ordering.order(by=UserFactory(), at=now) == first
    with pytest.raises(IntegrityError), transaction.atomic():
        ReleaseOrder.objects.create(ordered_at=now)


def test_where_nothing_is_ordered_nothing_is_made(now):
    CommitmentFactory()

    assert ordering.fill(at=now) is None
    assert not Release.objects.exists()


def test_what_one_worker_has_begun_another_leaves_alone_until_it_is_given_up(
    now, monkeypatch
):
    CommitmentFactory()
    one = ordering.order(by=None, at=now)
    monkeypatch.setattr(making, "make_release", die)
    with pytest.raises(MemoryError):
        ordering.fill(at=now)
    monkeypatch.undo()

    assert ordering.fill(at=now + timedelta(minutes=1)) is None
    release = ordering.fill(at=now + ordering.LEASE)

    one.refresh_from_db()
    assert release.number == 1
    assert one.outcome == "Release 1 was made." and one.done_at


def die(*, at):
    raise MemoryError
