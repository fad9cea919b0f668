"""What stands around the record in the database: its lock, its keys, its guards.

The number of an entry (seq) is its primary key: to take that away would be another
program. What could replace an entry under its number is among the guards.
"""

from .mutation import Change, Mutation, without

CHAIN, GUARDS = "commitments/chain.py", "commitments/guards.py"
HISTORY = "commitments/models/history.py"
FIRST = "commitments/migrations/0001_initial.py"
ATTACKS = "commitments/test_guards.py::test_plain_sql_changes_nothing"
WAYS = (
    "commitments/test_guards.py::test_the_ways_of_this_database_change_nothing",
    "commitments/test_guards.py::test_a_row_with_one_key_of_an_old_one_replaces_nothing",
)
WRITERS = (
    "commitments/test_chain_writers.py::"
    "test_writers_beside_each_other_leave_no_gap_no_fork_and_no_loss[0]"
)
TOLD = (
    "commitments/test_attacks.py::"
    "test_whatever_the_owner_does_to_a_guard_is_refused_or_told"
)
RIGHTS = "commitments/rights.py"
NO_RIGHT = "commitments/test_rights.py::test_it_has_no_right_to"
ON_POSTGRESQL, ON_SQLITE = {"database": "postgresql"}, {"database": "sqlite"}


def unique(column: str) -> Mutation:
    """The key of a column of digests, in the model (which the guards read) and the table."""
    kind = f"{column}{{}}models.CharField(max_length=64{{}})"
    return Mutation(
        f"two entries may have one {column}",
        [
            Change(
                HISTORY,
                "    " + kind.format(" = ", ", unique=True"),
                "    " + kind.format(" = ", ""),
            ),
            Change(
                FIRST,
                f'("{column}", models.CharField(max_length=64, unique=True))',
                f'("{column}", models.CharField(max_length=64))',
            ),
        ],
        [WAYS[1]],
    )


MUTATIONS = [
    without(
        "entries are appended without the lock",
        CHAIN,
        'cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])',
        'cursor.execute("SELECT 1")',
        WRITERS,
        **ON_POSTGRESQL,
    ),
    without(
        "entries are appended in deferred transactions",
        "config/environment.py",
        '"transaction_mode": "IMMEDIATE",',
        '"transaction_mode": "DEFERRED",',
        "commitments/test_chain_writers.py::test_without_the_lock_the_same_writers_fail",
        **ON_SQLITE,
    ),
    without(
        "a recording is no transaction",
        "commitments/services/recording.py",
        "    with transaction.atomic():\n        chain.lock()\n        outer",
        "    if True:\n        chain.lock()\n        outer",
        "tracker/test_outbox.py::test_a_failing_receiver_takes_the_recording_with_it",
    ),
    unique("prev_digest"),
    unique("digest"),
    Mutation(
        "two entries of an author may have one idempotency key",
        [
            Change(
                HISTORY,
                """            models.UniqueConstraint(
                fields=["actor", "idempotency_key"],
                condition=~Q(idempotency_key=""),
                name="entry_once_per_author_and_key",
            ),
""",
                "",
            ),
            Change(
                FIRST,
                """        migrations.AddConstraint(
            model_name="historyentry",
            constraint=models.UniqueConstraint(
                condition=models.Q(("idempotency_key", ""), _negated=True),
                fields=("actor", "idempotency_key"),
                name="entry_once_per_author_and_key",
            ),
        ),
""",
                "",
            ),
        ],
        ["commitments/test_guards.py::test_the_database_too_keeps_one_entry_for_a_key"],
    ),
    without(
        "history may be updated (SQLite)",
        GUARDS,
        "_no_update BEFORE UPDATE ON {table}{unless} ",
        "_no_update BEFORE UPDATE ON {table} WHEN 0 ",
        ATTACKS,
        **ON_SQLITE,
    ),
    without(
        "history may be deleted (SQLite)",
        GUARDS,
        "_no_delete BEFORE DELETE ON {table} ",
        "_no_delete BEFORE DELETE ON {table} WHEN 0 ",
        ATTACKS,
        **ON_SQLITE,
    ),
    # What is inserted over an entry deletes it first, which has a guard too.
    Mutation(
        "an entry may be inserted over another (SQLite)",
        [
            Change(
                GUARDS,
                "BEFORE INSERT ON {table} WHEN {same} ",
                "BEFORE INSERT ON {table} WHEN 0 ",
            ),
            Change(
                "config/environment.py",
                "PRAGMA foreign_keys=ON; PRAGMA recursive_triggers=ON;",
                "PRAGMA foreign_keys=ON;",
            ),
        ],
        WAYS,
        "sqlite",
    ),
    without(
        "replacing deletes without the guard (SQLite)",
        "config/environment.py",
        "PRAGMA foreign_keys=ON; PRAGMA recursive_triggers=ON;",
        "PRAGMA foreign_keys=ON;",
        "commitments/test_guards.py::test_a_weakened_guard_counts_as_missing",
        **ON_SQLITE,
    ),
    without(
        "history may be updated (PostgreSQL)",
        GUARDS,
        "_no_change BEFORE UPDATE OR DELETE ON",
        "_no_change BEFORE DELETE ON",
        ATTACKS,
        **ON_POSTGRESQL,
    ),
    without(
        "history may be deleted (PostgreSQL)",
        GUARDS,
        "_no_change BEFORE UPDATE OR DELETE ON",
        "_no_change BEFORE UPDATE ON",
        ATTACKS,
        **ON_POSTGRESQL,
    ),
    without(
        "history may be truncated (PostgreSQL)",
        GUARDS,
        'f"FOR EACH STATEMENT EXECUTE FUNCTION {refuse}()"',
        'f"FOR EACH STATEMENT WHEN (false) EXECUTE FUNCTION {refuse}()"',
        WAYS[0],
        **ON_POSTGRESQL,
    ),
    without(
        "the guards let replication roles pass (PostgreSQL)",
        GUARDS,
        "ENABLE ALWAYS TRIGGER",
        "ENABLE TRIGGER",
        WAYS[0],
        **ON_POSTGRESQL,
    ),
    without(
        "a text may be erased without a redaction",
        GUARDS,
        "NEW.{field}_salt = '' AND {redacted}\"",
        "NEW.{field}_salt = ''\"",
        ATTACKS,
    ),
    without(
        "the audit list may be rewritten",
        GUARDS,
        "    AuditEvent,\n    Capture,\n    LinkCheck,\n)",
        "    Capture,\n    LinkCheck,\n)",
        "commitments/test_audit.py::test_the_database_lets_nobody_edit_or_delete",
    ),
    without(
        "guards that were lost are not put back",
        "commitments/apps.py",
        "        guards.install(connection)\n",
        "        guards.missing(connection)\n",
        "commitments/test_guards.py::"
        "test_guards_are_named_when_missing_and_back_after_migrate",
    ),
    without(
        "a weakened guard passes for the guard (SQLite)",
        GUARDS,
        "                if sql in set(_statements(connection))\n",
        "",
        "commitments/test_guards.py::test_a_weakened_guard_counts_as_missing",
        **ON_SQLITE,
    ),
    without(
        "a weakened guard passes for the guard (PostgreSQL)",
        GUARDS,
        "WHERE tgenabled = 'A' AND tgqual IS NULL",
        "WHERE tgqual IS NULL",
        "commitments/test_guards.py::test_a_weakened_guard_counts_as_missing",
        **ON_POSTGRESQL,
    ),
    without(
        "a guard of the right name under a condition passes (PostgreSQL)",
        GUARDS,
        " AND tgqual IS NULL AND tgattr = '' ",
        " ",
        TOLD,
        **ON_POSTGRESQL,
    ),
    without(
        "a guard whose function was replaced passes (PostgreSQL)",
        GUARDS,
        "{row[1] for row in cursor.fetchall() if row in made}",
        "{row[1] for row in cursor.fetchall()}",
        TOLD,
        **ON_POSTGRESQL,
    ),
    without(
        "who serves may change the history",
        RIGHTS,
        'ADD = "SELECT, INSERT"',
        'ADD = "SELECT, INSERT, UPDATE, DELETE, TRUNCATE"',
        NO_RIGHT,
        **ON_POSTGRESQL,
    ),
    without(
        "who serves keeps the rights that somebody gave by hand",
        RIGHTS,
        """        cursor.execute(f"REVOKE ALL ON {schema.format('TABLES')} FROM {name}")\n""",
        "",
        "commitments/test_rights.py::test_migrating_takes_back_what_was_given_by_hand",
        **ON_POSTGRESQL,
    ),
    without(
        "the password of who serves is told to the log of the database",
        RIGHTS,
        "[verifier.decode()]",
        "[account.password]",
        "commitments/test_rights.py::"
        "test_an_account_is_made_with_a_password_that_no_log_can_hold",
        **ON_POSTGRESQL,
    ),
]
