"""What lets nobody in, each with its reason: a page without an example is none of them.

Read from the table that ``test_access.py`` holds the site to.
"""

import json

import pytest

from tests.security.test_access import ROLES, TABLE

# Written by services alone: neither added nor deleted by hand.
WRITTEN_BY_SERVICES = {
    "commitments": """
        apianswer assignment auditevent capture citation dataversion deskdigest
        digestpause flag flagscan historyentry historytext host link linkcheck proposal
        proposalstep queuebeat scheduledjob schedulerlease sighting snapshot snooze state
        suggestionmatch sweep sweepitem tip tipstep
    """,
    "tracker": "attempt delivery endpointnotice event follow hold mail",
}
# Added, changed and deleted on the page of their commitment.
PARTS_OF_A_COMMITMENT = {"commitments": "criterion milestone responsibility"}
# The code says what a group may do.
WRITTEN_IN_THE_CODE = {"auth": "group"}
# Added on a page of their own, and kept for good.
NEVER_DELETED = {
    "auth": "user",
    "commitments": "apikey importrun suggestion",
    "tracker": "release",
}
ONE_BY_ONE = {
    "admin/(?P<url>.*)$": "what is no page of the desk",
    "api/v1/^.*$": "what is no address of the API",
    "admin/login/code/": "opens to who has just given the password, and is in no role",
    "admin/tracker/follow/<path:object_id>/change/": "says who follows what",
    "admin/tracker/follow/<path:object_id>/history/": "says who follows what",
}


def pages(names, *ends):
    return {
        f"admin/{app}/{model}/{end}"
        for app, models in names.items()
        for model in models.split()
        for end in ends
    }


ADD, DELETE = "add/", "<path:object_id>/delete/"
CLOSED = {
    *pages(WRITTEN_BY_SERVICES, ADD, DELETE),
    *pages(PARTS_OF_A_COMMITMENT, ADD, DELETE),
    *pages(WRITTEN_IN_THE_CODE, ADD, DELETE),
    *pages(NEVER_DELETED, DELETE),
    *ONE_BY_ONE,
}


@pytest.fixture
def table():
    return json.loads(TABLE.read_text())


def reached(table):
    """Return what somebody reached: who asks for OPTIONS need not know a row."""
    return {
        pattern
        for role in ROLES
        for pattern, methods in table[role].items()
        if set(methods.split()) - {"OPTIONS"}
    }


def test_what_lets_nobody_in_is_what_is_meant_to(table):
    closed = set(table["anonymous"]) - reached(table)

    assert closed - CLOSED == set(), "give these an example, or a reason"
    assert CLOSED - closed == set(), "these are open to somebody"


def test_who_is_in_no_group_has_the_pages_of_an_account_and_none_of_the_record(table):
    mine = {p for p, methods in table["staff"].items() if methods.split() != []}
    more = mine - {p for p, methods in table["anonymous"].items() if methods}
    # These lead on to the page of the row, whatever it is, and that page refuses.
    leading_on = {p for p in more if p.endswith("/<path:object_id>/")}

    assert more - leading_on == {
        *("admin/", "admin/jsi18n/", "admin/autocomplete/"),
        *("admin/password_change/", "admin/password_change/done/"),
        *("admin/second-factor/", "admin/second-factor/remove/"),
        "admin/second-factor/recovery-codes/",
        # Of one's own mails.
        "admin/commitments/digestpause/switch/",
        # Offers the kinds of rows that one may see.
        "admin/commitments/importrun/export/",
    }
    assert table["staff"]["admin/autocomplete/"] == "OPTIONS"


def test_a_superuser_is_an_administrator_who_makes_keys_too(table):
    more = {
        pattern: methods
        for pattern, methods in table["superuser"].items()
        if methods != table["administrator"][pattern]
    }
    assert set(more) == {"admin/commitments/apikey/add/"}
