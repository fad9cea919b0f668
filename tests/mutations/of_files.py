"""What is written into files and read out of them: tables, workbooks, backups."""

from .mutation import Change, Mutation, without

READING, LIMITS = "commitments/bulk/workbook.py", "commitments/bulk/test_reading.py::"
KEPT, SEALED = "tracker/test_backups.py::", "tracker/backups/container.py"
MAKING, RESTORING = "tracker/backups/making.py", "tracker/backups/restoring.py"

MUTATIONS = [
    without(
        "a table of the list runs in a spreadsheet",
        "tracker/downloads.py",
        '    return neutralise("" if value is None else str(value))',
        '    return "" if value is None else str(value)',
        "tracker/test_list.py::test_a_cell_is_no_formula",
    ),
    without(
        "a workbook of the list runs formulas",
        "tracker/downloads.py",
        "                    sheet.write_string(number, place, _cell(value))",
        "                    sheet.write_formula(number, place, _cell(value))",
        "tracker/test_list.py::"
        "test_a_workbook_keeps_days_and_numbers_and_runs_and_links_nothing",
    ),
    without(
        "a table of the API runs in a spreadsheet",
        "tracker/api/renderers.py",
        "            return neutralise(value)",
        "            return value",
        "tracker/api/test_lists.py::test_no_spreadsheet_runs_a_cell",
    ),
    without(
        "a table of a release runs in a spreadsheet",
        "tracker/releases/writers.py",
        "            return neutralise(value)",
        "            return value",
        "tracker/releases/test_make_release.py::test_a_workbook_runs_nothing",
    ),
    without(
        "a table of the desk runs in a spreadsheet",
        "commitments/bulk/exporting.py",
        "    return cell if isinstance(cell, Number) else neutralise(cell)",
        "    return cell",
        "commitments/bulk/test_export.py::"
        "test_no_text_of_any_column_runs_in_a_spreadsheet",
    ),
    without(
        "a full-width sign begins a formula",
        "commitments/bulk/cells.py",
        r'RUNS = "=+\\-@\t\r\n\0＝＋－＠"',
        r'RUNS = "=+\\-@\t\r\n\0"',
        "commitments/bulk/test_export.py::test_every_leading_character_is_escaped",
    ),
    without(
        "a workbook unfolds to any size",
        READING,
        "    if total > limits.MOST_UNPACKED:",
        "    if False:",
        LIMITS + "test_bombs_are_refused_before_they_are_unpacked",
    ),
    without(
        "a cell far away stands for millions of rows",
        READING,
        "    def _check_place(self, place: str) -> None:\n",
        "    def _check_place(self, place: str) -> None:\n        return\n",
        LIMITS + "test_crafted_workbooks_are_not_read",
        LIMITS + "test_bombs_are_refused_before_they_are_unpacked",
    ),
    without(
        "workbooks are parsed by what unfolds entities",
        "config/settings.py",
        'os.environ["OPENPYXL_LXML"] = "False"',
        'os.environ["OPENPYXL_LXML"] = "True"',
        LIMITS + "test_workbooks_are_parsed_by_what_refuses_entities",
    ),
    Mutation(
        "rows are imported by whoever may sign in",
        [
            Change(
                "commitments/admin/bulk.py",
                "        return may and accounts.may(request.user, accounts.RECORD)",
                "        return may",
            ),
            Change(
                "commitments/admin/bulk.py",
                "        if not accounts.may(request.user, accounts.RECORD):\n"
                "            return []\n",
                "",
            ),
        ],
        [
            "commitments/bulk/test_bulk_permissions.py::"
            "test_a_superuser_who_does_not_record_imports_nothing"
        ],
    ),
    without(
        "one bad row lets the others in",
        "commitments/bulk/runs.py",
        "            if report.counts[REFUSED]:\n                raise _Refused\n",
        "",
        "commitments/bulk/test_import.py::"
        "test_what_became_impossible_since_the_check_is_not_written",
    ),
    # What went wrong is taken away again, too.
    Mutation(
        "a file is written in place",
        [
            Change(
                "commitments/whole_files.py",
                '        unfinished = f"{name}.{uuid4().hex}.unfinished"\n',
                "        unfinished = name\n",
            ),
            Change(
                "commitments/whole_files.py",
                "            self.delete(unfinished)\n            raise\n",
                "            raise\n",
            ),
        ],
        [
            "faults/test_full_disks.py::test_a_file_that_may_not_grow_so_long_is_not_left_half"
        ],
    ),
    Mutation(
        "a key of the installation is written in place",
        [
            Change(
                "commitments/own_keys.py",
                '        fresh = path.with_name(f"{name}.{uuid4().hex}")\n',
                "        fresh = path\n",
            ),
            Change(
                "commitments/own_keys.py",
                "            os.link(fresh, path)\n        fresh.unlink()\n",
                "            pass\n",
            ),
        ],
        [
            "commitments/test_own_keys.py::test_who_is_ended_while_making_one_leaves_none"
        ],
    ),
    without(
        "of two that make a key at once one fails",
        "commitments/own_keys.py",
        "        with suppress(FileExistsError):\n            os.link(fresh, path)\n",
        "        os.link(fresh, path)\n",
        "commitments/test_own_keys.py::test_all_that_make_a_key_at_once_hold_the_same",
    ),
    without(
        "a backup of SQLite is a plain copy of its file",
        MAKING,
        '            cursor.execute("VACUUM INTO %s", [copy])',
        '            __import__("shutil").copy(own.settings_dict["NAME"], copy)',
        KEPT + "test_it_restores_into_an_empty_installation_and_proves_itself",
        database="sqlite",
    ),
    without(
        "a backup on PostgreSQL is of many moments",
        MAKING,
        'cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")',
        'cursor.execute("SET TRANSACTION ISOLATION LEVEL READ COMMITTED READ ONLY")',
        KEPT + "test_it_is_whole_while_people_write",
        database="postgresql",
    ),
    without(
        "a damaged backup is not noticed",
        SEALED,
        "        if file.read(DIGEST_LENGTH) != digest.encode():",
        "        if False:",
        KEPT + "test_a_flipped_byte_or_a_cut_is_found_wherever_it_is",
    ),
    without(
        "a backup is readable by all",
        SEALED,
        "os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)",
        "os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o644)",
        KEPT + "test_it_is_readable_by_its_owner_alone",
    ),
    without(
        "a backup that failed leaves a file",
        SEALED,
        "        unfinished.unlink(missing_ok=True)\n",
        "",
        KEPT + "test_a_failure_half_way_leaves_no_file",
    ),
    without(
        "a backup is written over another",
        MAKING,
        "    if path.exists():\n        raise",
        "    if False:\n        raise",
        KEPT + "test_a_file_that_exists_is_not_written_over",
    ),
    without(
        "a history that ends otherwise is restored",
        RESTORING,
        '            if head() != manifest["head"]:',
        "            if False:",
        KEPT + "test_a_history_that_ends_otherwise_than_it_was_told_is_not_restored",
    ),
    without(
        "an installation in use is restored over",
        RESTORING,
        "    if connection.introspection.table_names():",
        "    if False:",
        KEPT + "test_an_installation_in_use_is_left_alone",
    ),
    without(
        "what a backup holds as unsent is sent at once",
        RESTORING,
        "            _hold(old, at=at)\n",
        "",
        KEPT + "test_what_was_interrupted_lets_nothing_be_sent",
    ),
    without(
        "a backup that lacks a release proves good",
        "tracker/management/commands/restore.py",
        '            "verify_releases",\n',
        "",
        KEPT + "test_a_backup_without_the_files_of_a_release_proves_nothing",
    ),
    without(
        "an empty file agrees with every history",
        "commitments/management/commands/verify_history.py",
        "            if against.is_file() and not against.stat().st_size:",
        "            if False:",
        "commitments/test_chain.py::test_an_empty_file_is_no_checkpoint_that_agrees",
    ),
    without(
        "a restore is the version of the data that was told before",
        RESTORING,
        "    DataVersion.bump()",
        "    pass",
        KEPT + "test_it_restores_into_an_empty_installation_and_proves_itself",
    ),
    without(
        "a tag from before a restore holds for other data",
        "tracker/versions.py",
        "self.number, self.changed_at, self.day",
        "self.number, self.day",
        "tracker/api/test_caching.py::"
        "test_a_tag_from_before_a_restore_holds_for_no_other_data",
    ),
]
