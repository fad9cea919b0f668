"""The record: what checks its chain, and who may write what into it."""

from .mutation import without

CHAIN, RECORD = "commitments/chain.py", "commitments/services/record.py"
CHECKPOINTS = "commitments/services/checkpoints.py"

MUTATIONS = [
    without(
        "what is made tomorrow is published today",
        "commitments/services/publish.py",
        "    if commitment.stated_on > at.date():",
        "    if False:",
        "commitments/test_publish.py::"
        "test_what_is_made_tomorrow_is_not_published_today",
    ),
    without(
        "a repeated act is recorded again",
        RECORD,
        "    if idempotency_key and (\n        earlier :=",
        "    if not idempotency_key and (\n        earlier :=",
        "commitments/test_services.py::"
        "test_the_same_key_gives_the_same_entry_and_another_content_is_refused",
    ),
    without(
        "a key may stand for something else",
        RECORD,
        "if not said or earlier.text.reason != reason:",
        "if False:",
        "commitments/test_services.py::"
        "test_the_same_key_gives_the_same_entry_and_another_content_is_refused",
    ),
    without(
        "what an entry says is not held against its digest",
        CHAIN,
        "        if found != entry.digest:",
        "        if False:",
        "commitments/test_chain.py::test_a_flipped_column_is_found",
    ),
    without(
        "a text is not held against its hash",
        CHAIN,
        "elif leaf(field=field, text=plain, salt=salt) != hashed:",
        "elif False:",
        "commitments/test_chain.py::test_an_altered_text_is_found",
    ),
    without(
        "the order of the chain is not looked at",
        CHAIN,
        "        if entry.prev_digest != prev_digest:",
        "        if False:",
        "commitments/test_chain.py::"
        "test_an_entry_rewritten_with_its_digest_is_found_by_the_next",
    ),
    without(
        "a gap in the numbers is not looked at",
        CHAIN,
        "        if entry.seq != expected:",
        "        if False:",
        "commitments/test_chain.py::test_an_entry_removed_from_head_or_middle_is_found",
    ),
    without(
        "a chain is not held against checkpoints: rewritten",
        CHECKPOINTS,
        '    elif digest_now != checkpoint["digest"]:',
        "    elif False:",
        "commitments/test_chain.py::"
        "test_a_rewritten_chain_is_found_against_a_checkpoint_alone",
    ),
    without(
        "a chain is not held against checkpoints: cut off",
        CHECKPOINTS,
        "    if digest_now is None:",
        "    if False:",
        "commitments/test_chain.py::"
        "test_a_removed_tail_is_found_against_a_checkpoint_alone",
    ),
    without(
        "a forged checkpoint is believed",
        CHECKPOINTS,
        "    if not signature_fits(checkpoint):",
        "    if False:",
        "commitments/test_chain.py::test_a_forged_checkpoint_is_found",
    ),
    without(
        "verify_history leaves saved checkpoints out",
        "commitments/check.py",
        "            yield from compare(checkpoint)\n",
        "            compare(checkpoint)\n",
        "commitments/test_chain.py::test_verify_history_names_an_end_that_was_cut_off",
    ),
    without(
        "a stored value may drift from the history",
        "commitments/check.py",
        "if (stored := getattr(commitment, name)) != value:",
        "if (stored := getattr(commitment, name)) is None:",
        "commitments/test_time.py::test_check_record_names_a_stored_value_that_drifted",
    ),
    without(
        "the author may sign off",
        RECORD,
        "    if actors.key(approver) == actors.key(by):",
        "    if False:",
        "commitments/test_services.py::"
        "test_the_approver_is_never_the_author_even_as_superuser",
    ),
    without(
        "no second person is asked for",
        RECORD,
        "        if kind in SIGNED_KINDS and not alone:",
        "        if False:",
        "commitments/test_proposals.py::"
        "test_no_kind_gets_past_a_second_person_from_the_shell",
    ),
    without(
        "whoever is no reviewer may sign off",
        RECORD,
        "    if isinstance(approver, actors.Machine) or not accounts.may(\n"
        "        approver, accounts.CONFIRM\n    ):",
        "    if False:",
        "commitments/test_proposals.py::"
        "test_no_kind_gets_past_a_second_person_from_the_shell",
    ),
    without(
        "who decides on a proposal may be its author",
        "commitments/services/sign_off.py",
        "    if proposal.actor == actors.key(by):",
        "    if False:",
        "commitments/test_proposals.py::test_a_superuser_too_needs_somebody_else",
    ),
    without(
        "an entry may take effect in the future",
        RECORD,
        "    if effective_on > at.date():",
        "    if False:",
        "commitments/test_services.py::test_nothing_takes_effect_in_the_future",
    ),
    without(
        "a clock that was set back sets the record back",
        RECORD,
        "recorded_at=max(at, head.recorded_at) if head else at,",
        "recorded_at=at,",
        "commitments/test_time.py::test_a_clock_set_back_leaves_entries_in_order",
    ),
    without(
        "a stale form overwrites",
        RECORD,
        "    if seen is not None and current.latest_entry_id != seen:",
        "    if False:",
        "commitments/test_services.py::test_a_stale_form_is_told_who_changed_what",
    ),
    without(
        "an older revision is approved",
        "commitments/services/proposal.py",
        "    if revision is not None and current.revision != revision:",
        "    if False:",
        "commitments/test_proposals.py::test_an_older_revision_is_not_approved",
    ),
    without(
        "a list approves what it did not show",
        "commitments/admin/sign_off.py",
        "                    revision=int(listed),",
        "                    revision=proposal.revision,",
        "commitments/test_sign_off_pages.py::"
        "test_the_bulk_action_approves_what_was_listed_and_nothing_written_since",
    ),
    without(
        "a correction comes after what was recorded of its day since",
        "commitments/fold.py",
        "        key=lambda e: (e.effective_on, _first(e, known).seq, e.seq),",
        "        key=lambda e: (e.effective_on, e.seq),",
        "commitments/test_out_of_order.py::"
        "test_a_correction_stands_where_the_entry_stood_that_it_puts_right",
    ),
    without(
        "a form sent twice is handed in twice",
        "commitments/services/proposal.py",
        "    if steps:\n        raise StaleForm([], steps)\n",
        "",
        "commitments/test_sign_off_pages.py::"
        "test_a_form_that_is_sent_twice_is_handed_in_once",
    ),
    without(
        "a form of facts overwrites what it did not show",
        "commitments/admin/base.py",
        "if unseen := changes_since(obj, request):",
        "if unseen := []:",
        "commitments/test_sign_off_pages.py::"
        "test_facts_changed_meanwhile_are_told_and_the_typed_text_stays",
    ),
    without(
        "a refused form leaves half of itself",
        "commitments/forms/base.py",
        "            with transaction.atomic():\n"
        "                # Before a new document too: its address and slug are taken once.\n"
        "                chain.lock()\n",
        "            if True:\n",
        "commitments/test_forms.py::"
        "test_refusal_lands_on_its_field_and_leaves_no_document",
    ),
    without(
        "markup is taken into the record",
        "commitments/validation.py",
        "    if TAG.search(text):",
        "    if False:",
        "commitments/test_proposals.py::"
        "test_markup_and_unseen_characters_are_refused_everywhere",
    ),
    without(
        "a redaction erases nothing",
        "commitments/services/correct.py",
        "    HistoryText.objects.filter(pk=entry.pk).update(**erased)\n",
        "",
        "commitments/test_endings.py::"
        "test_a_redaction_erases_the_text_and_keeps_the_chain",
    ),
]
