"""Who may import and who may export."""

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from commitments.models import Evidence, ImportRun

from .. import desk
from . import files

pytestmark = pytest.mark.django_db
ADD = reverse("admin:commitments_importrun_add")


@pytest.mark.parametrize(
    ("group", "status"),
    [("analyst", 200), ("reviewer", 200), ("administrator", 403), (None, 403)],
)
def test_those_who_record_may_import(client, group, status):
    client.force_login(desk.account("someone", group))
    assert client.get(ADD).status_code == status
    posted = client.post(ADD, {"kind": "evidence"})
    assert posted.status_code == status


def test_a_superuser_who_does_not_record_imports_nothing(client):
    root = desk.account("root")
    root.is_superuser = True
    root.save()
    client.force_login(root)
    assert client.get(ADD).status_code == 403


def test_strangers_are_asked_to_sign_in(client):
    for address in (ADD, reverse("admin:commitments_export")):
        assert client.get(address).status_code == 302


@pytest.mark.parametrize("act", ["approve", "discard"])
def test_only_those_who_record_decide_on_a_file(client, act):
    client.force_login(desk.account("ann", "analyst"))
    run, _ = files.send(client, files.documents())
    address = reverse(f"admin:commitments_importrun_{act}", args=[run.pk])
    assert client.get(address).status_code == 405

    client.force_login(desk.account("admin", "administrator"))
    page = client.get(reverse("admin:commitments_importrun_change", args=[run.pk]))
    assert page.status_code == 200
    assert address not in page.content.decode()
    assert client.post(address).status_code == 403
    assert ImportRun.objects.get().state == "ready"
    assert not Evidence.objects.exists()


def test_a_kind_is_imported_only_with_leave_to_change_its_rows(client):
    ann = desk.account("ann", "analyst")
    permission = Permission.objects.get(codename="change_evidence")
    ann.groups.get().permissions.remove(permission)
    client.force_login(ann)
    assert "Evidence</option>" not in client.get(ADD).content.decode()
    client.post(
        ADD, {"kind": "evidence", "file": files.SimpleUploadedFile("a.csv", b"url\nx")}
    )
    assert not ImportRun.objects.exists()


@pytest.mark.parametrize(
    ("group", "status"), [("analyst", 200), ("administrator", 200), (None, 403)]
)
def test_staff_who_may_see_rows_may_export_them(client, group, status):
    client.force_login(desk.account("someone", group))
    for kind in ("commitments", "evidence", "observations"):
        address = reverse("admin:commitments_export_file", args=[kind, "csv"])
        assert client.get(address).status_code == status
    page = client.get(reverse("admin:commitments_export")).content.decode()
    assert ("Evidence as CSV" in page) == (status == 200)


@pytest.mark.parametrize("name", ["users.csv", "evidence.exe"])
def test_other_exports_do_not_exist(client, name):
    client.force_login(desk.account("ann", "analyst"))
    kind, _, format = name.partition(".")
    address = reverse("admin:commitments_export_file", args=[kind, format])
    assert client.get(address).status_code == 404


def test_the_kept_file_is_not_served_and_forgotten_after_use(client):
    client.force_login(desk.account("ann", "analyst"))
    run, page = files.send(client, files.documents(), name='"><b>x.csv')
    assert run.file.name.startswith("imports/")
    assert "<b>x" not in page
    assert client.get(f"/{run.file.name}").status_code == 404
