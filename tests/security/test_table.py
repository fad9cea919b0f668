"""docs/security.md is true: its tests exist, its counts add up, nothing is left out.

And what the table points at that no other test shows.
"""

import ast
import re
import tomllib
from functools import cache
from pathlib import Path

import pytest
from django.conf import settings

from commitments import outgoing, readable, services
from commitments.bulk import limits
from commitments.models import ApiKey, AuditKind
from tests.tracker import record as records

ROOT = Path(__file__).parents[2]
TESTS = ROOT / "tests"
PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
# As ASVS 5.0.0 counts them.
REQUIREMENTS = {1: 70, 2: 183}
NAMED = re.compile(r"`([\w/]+\.py)::(test_\w+)`")


def rows(first):
    """The cells of each row of a table whose first cell looks like this."""
    found = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in PAGE.splitlines()
        if line.startswith("|")
    ]
    return [cells for cells in found if re.match(first, cells[0])]


def points():
    """(id, level, what is said to show it) of each requirement."""
    return [
        (name, int(level), shown)
        for names, level, _, shown in rows(r"V\d")
        for name in names.split(", ")
    ]


def fate(shown):
    if shown.startswith("not applicable: "):
        return "not applicable"
    return "exception" if shown.startswith("exception: ") else "shown"


@cache
def functions_of(path):
    tree = ast.parse((TESTS / path).read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_every_named_test_exists():
    named = NAMED.findall(PAGE)
    assert len(named) > 150
    missing = [
        f"{path}::{name}"
        for path, name in named
        if not (TESTS / path).exists() or name not in functions_of(path)
    ]
    assert missing == []


def test_each_requirement_is_there_once_with_its_fate():
    names = [name for name, _, _ in points()]
    assert len(names) == len(set(names))
    for level, number in REQUIREMENTS.items():
        assert sum(1 for _, found, _ in points() if found == level) == number
    for name, _, shown in points():
        if fate(shown) == "shown":
            assert NAMED.fullmatch(shown), name
        else:
            assert len(shown) > 25, name


def test_the_counts_stated_are_those_of_the_table():
    stated = {
        int(cells[0].split()[1]): list(map(int, cells[1:5]))
        for cells in rows(r"level \d")
    }
    for level in REQUIREMENTS:
        fates = [fate(shown) for _, found, shown in points() if found == level]
        told = [
            len(fates),
            *(fates.count(f) for f in ("not applicable", "shown", "exception")),
        ]
        assert stated[level] == told
        applicable = told[2] + told[3]
        assert told[2] / applicable >= 0.95, level


def test_each_threat_is_there_once():
    threats = rows(r"T\d")
    assert [cells[0] for cells in threats] == [f"T{n}" for n in range(1, 47)]
    for name, _, _, shown in threats:
        assert NAMED.fullmatch(shown) or shown.startswith("exception: "), name


def test_every_secret_is_in_the_list_of_keys():
    source = (ROOT / "config" / "settings.py").read_text(encoding="utf-8")
    listed = PAGE.partition("## Keys")[2]
    secrets = set(re.findall(r'secret\("(\w+)"\)', source))
    assert len(secrets) > 4
    assert {name for name in secrets if f"`{name}`" not in listed} == set()


@pytest.mark.django_db
def test_keys_of_machines_are_long_and_kept_as_hashes():
    key, secret = services.make_key(
        name="watcher",
        scopes=["evidence"],
        expires_at=records.moment(12, 1),
        at=records.moment(11, 1),
    )
    kept = ApiKey.objects.filter(pk=key.pk).values().get()
    # 22 signs of 64 hold 128 bits.
    assert len(secret.removeprefix(kept["prefix"])) >= 22
    assert secret not in map(str, kept.values())
    assert re.fullmatch("[0-9a-f]{64}", kept["digest"])


def test_the_image_holds_neither_history_nor_tests():
    left_out = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    copied = re.findall(r"^COPY (.*)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    whole = any(part.split()[-2] == "." for part in copied)
    for name in (".git", "tests"):
        assert not whole or name in {line.strip("/") for line in left_out}, name


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/static/", "/files/", "/captures/", "/.git/config"])
def test_no_folder_is_listed(client, path):
    assert client.get(path).status_code == 404


def test_scripts_keep_nothing_in_the_browser():
    scripts = [*(ROOT / "static").rglob("*.js")]
    assert scripts
    for script in scripts:
        text = script.read_text(encoding="utf-8")
        assert not re.search(r"sessionStorage|indexedDB|document\.cookie", text), script
        # Whether the reader chose light or dark, and nothing else.
        kept = re.findall(r"localStorage\.\w+\((\w+)", text)
        assert set(kept) <= {"KEY"} and text.count("localStorage") == len(kept), script
        assert not re.search(r"innerHTML|eval\(", text), script


def test_scripts_set_no_property_by_a_name_from_elsewhere():
    """So that nothing reaches the prototype of all objects."""
    for script in (ROOT / "static").rglob("*.js"):
        text = script.read_text(encoding="utf-8")
        assert not re.search(r"__proto__|Object\.assign|structuredClone", text), script
        # A name in brackets, written to.
        assert not re.search(r"[\w)]\[[^\]\d'\"]*\]\s*=[^=]", text), script
        assert "JSON.parse" not in text, script


def test_the_promises_are_written_down():
    promises = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    assert "within 7 days" in promises and "90 days" in promises
    assert "SECURITY.md" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_known_weaknesses_are_looked_up():
    looked_up = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert re.search(r"pip.audit|scripts/audit\.py", looked_up)


def locked(path):
    """The requirements of a file, each in one line with its hashes."""
    text = path.read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.strip()]
    return [line for line in lines if not line.lstrip().startswith("#")]


def test_every_requirement_is_locked_by_hash():
    for path in (ROOT / "requirements").glob("*.txt"):
        assert locked(path)
        for line in locked(path):
            # A version of the registry; no address, no folder, no other index.
            named = r"[\w.-]+(\[[\w,-]+\])?==\S+ .*--hash=sha256:[0-9a-f]{64}"
            assert re.match(named, line), (path, line)


def test_the_list_of_libraries_is_whole():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wanted = project["project"]["dependencies"]
    for extra in project["project"]["optional-dependencies"].values():
        wanted += extra
    names = {re.match(r"[\w.-]+", one)[0].lower() for one in wanted}
    production = ROOT / "requirements" / "production.txt"
    listed = {re.match(r"[\w.-]+", one)[0].lower() for one in locked(production)}
    assert len(names) > 30
    assert names - listed == set()
    installed = re.findall(r"pip install .*", (ROOT / "Dockerfile").read_text())
    assert [line.split("install ")[1] for line in installed] == [
        "--no-cache-dir --require-hashes -r requirements/production.txt"
    ]


def guide(name):
    """A guide as one line."""
    return " ".join((ROOT / "docs" / name).read_text(encoding="utf-8").split())


def test_limits_in_the_guides_are_those_of_the_program():
    accounts, bulk = guide("accounts.md"), guide("bulk.md")
    minutes = settings.AXES_COOLOFF_TIME.seconds // 60
    for whose, number in (
        ("one account from one address", settings.AXES_FAILURE_LIMIT),
        ("any accounts from one address", settings.ADDRESS_FAILURE_LIMIT),
    ):
        assert f"| {whose} | {number} times |" in accounts
    assert accounts.count(f"waits {minutes} minutes") == 2
    hours = settings.SESSION_COOKIE_AGE // 3600
    assert f"A session ends {hours} hours after signing in" in accounts
    megabytes = limits.MOST_BYTES // limits.MEGABYTE
    size = f"{megabytes} MB, {limits.MOST_ROWS:,} rows, {limits.MOST_COLUMNS} columns."
    assert size in bulk


def test_what_takes_long_is_written_down_with_its_bounds():
    asked = outgoing.Limits()
    assert f"Files of more than {limits.SMALL_ROWS} rows" in guide("bulk.md")
    evidence = guide("evidence.md")
    whole = f"At most {asked.bytes // 1_000_000} MB and {asked.seconds:.0f} seconds"
    assert whole in evidence
    assert f"ended after {readable.SECONDS:.0f} seconds" in evidence
    assert settings.CELERY_TASK_TIME_LIMIT == 300
    assert "A task is ended after five minutes at most" in guide("operations.md")
    assert "What grows is what touches all there is" in guide("performance.md")


# What the guide calls each of them.
TOLD = {
    AuditKind.SIGNED_IN: "every sign-in",
    AuditKind.SIGNED_OUT: "sign-out",
    AuditKind.SIGN_IN_FAILED: "failure",
    AuditKind.LOCKED_OUT: "lock-out",
    AuditKind.LOCK_OUT_LIFTED: "lock-out",
    AuditKind.CODE_FAILED: "failure",
    AuditKind.RECOVERY_CODE_USED: "recovery codes made and used",
    AuditKind.RECOVERY_CODES_MADE: "recovery codes made and used",
    AuditKind.SECOND_FACTOR_ADDED: "second factors set up, removed, reset",
    AuditKind.SECOND_FACTOR_REMOVED: "second factors set up, removed, reset",
    AuditKind.SECOND_FACTOR_RESET: "second factors set up, removed, reset",
    AuditKind.PASSWORD_CHANGED: "passwords changed",
    AuditKind.ACCOUNT_MADE: "accounts made, changed, deleted",
    AuditKind.ACCOUNT_CHANGED: "accounts made, changed, deleted",
    AuditKind.ACCOUNT_DELETED: "accounts made, changed, deleted",
    AuditKind.GROUPS_CHANGED: "groups and permissions changed",
    AuditKind.PERMISSIONS_CHANGED: "groups and permissions changed",
}


def test_what_is_logged_is_written_down():
    told = guide("accounts.md").partition("## Audit list")[2]
    assert set(TOLD) == set(AuditKind)
    assert {words for words in TOLD.values() if words not in told} == set()
    assert "for good" in told
    logs = guide("operations.md").partition("Logs are JSON lines on standard error")[2]
    assert "No queries, bodies, mails, client addresses or tokens are logged" in logs
