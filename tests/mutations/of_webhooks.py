"""The outbox, and what is sent to endpoints."""

from .mutation import Change, Mutation, without

OUTBOX, SENDING = "tracker/outbox.py", "tracker/webhooks/sending.py"
ENDPOINTS, MESSAGES = "tracker/webhooks/endpoints.py", "tracker/webhooks/messages.py"
SENT, HANDED = (
    "tracker/webhooks/test_sending.py::",
    "tracker/webhooks/test_handing_out.py::",
)
PROVED, ASKED = (
    "tracker/webhooks/test_challenges.py::",
    "tracker/webhooks/test_api.py::",
)
TOLD = "tracker/test_outbox.py::"

MUTATIONS = [
    without(
        "an event is written after its entry, not with it",
        OUTBOX,
        "    write(list(entries))\n",
        "    told = list(entries)\n    transaction.on_commit(lambda: write(told))\n",
        TOLD + "test_a_failing_receiver_takes_the_recording_with_it",
        TOLD + "test_each_public_entry_has_one_event_that_reads_as_the_api_tells_it",
    ),
    without(
        "a rehearsal tells of what it rehearses",
        "commitments/services/recording.py",
        "rehearsing, appended = _rehearsing.set(True), _appended.set([])",
        "rehearsing, appended = _rehearsing.set(True), _appended.set(None)",
        TOLD + "test_a_rehearsal_leaves_no_event_and_tells_nobody",
    ),
    without(
        "an erased text stays in the outbox",
        OUTBOX,
        "    if redacted:\n",
        "    if False:\n",
        TOLD + "test_an_erased_reason_leaves_the_outbox_too",
    ),
    without(
        "an event is handed out twice",
        OUTBOX,
        '        marked.update(**{f"{channel}_at": at})\n',
        "",
        TOLD + "test_events_are_handed_to_a_channel_once_and_in_order",
    ),
    without(
        "a restored outbox is handed out unasked",
        OUTBOX,
        "    if is_held():\n        return 0\n",
        "",
        TOLD + "test_while_the_outbox_is_held_nothing_is_handed_out",
    ),
    # The whole run stops, and so does the taking of what is due.
    Mutation(
        "messages leave while the outbox is held",
        [
            Change(
                SENDING,
                "    if outbox.is_held():\n        return Counter()\n",
                "",
            ),
            Change(SENDING, "    if outbox.is_held():\n        return []\n", ""),
        ],
        [HANDED + "test_while_the_outbox_is_held_nothing_leaves"],
    ),
    without(
        "a signature is always the same",
        MESSAGES,
        "data=content.decode())",
        'data="")',
        SENT + "test_a_change_arrives_signed_as_the_feed_tells_it",
    ),
    without(
        "a message tried again has another id",
        SENDING,
        "body, name = messages.body(letter.delivery), letter.delivery.message_id",
        "body = messages.body(letter.delivery)\n"
        '        name = f"{letter.delivery.message_id}-{letter.delivery.tries}"',
        SENT + "test_a_retry_has_the_same_id_and_body_and_a_time_of_its_own",
    ),
    without(
        "a redirect counts as taken",
        SENDING,
        "return self.status is not None and 200 <= self.status < 300",
        "return self.status is not None and 200 <= self.status < 400",
        SENT + "test_anything_but_success_is_a_failure_and_tried_again",
    ),
    without(
        "messages are sent before the challenge is answered",
        "tracker/models/endpoint.py",
        "return self.filter(state=Endpoint.State.ACTIVE)",
        "return self.exclude(state=Endpoint.State.DISABLED)",
        PROVED + "test_nothing_is_sent_before_the_challenge_is_answered",
    ),
    without(
        "any answer proves an endpoint",
        "tracker/webhooks/challenges.py",
        "    if not hmac.compare_digest(_given(answer.body), challenge):",
        "    if False:",
        PROVED + "test_a_wrong_answer_proves_nothing",
    ),
    without(
        "a new address need not prove itself",
        ENDPOINTS,
        '    if changes.get("url", endpoint.url) != endpoint.url:',
        "    if False:",
        PROVED + "test_a_new_address_has_to_prove_itself",
    ),
    without(
        "an unproven address is sent to on request",
        ENDPOINTS,
        "    if endpoint.state != State.ACTIVE:",
        "    if False:",
        ASKED + "test_nothing_is_sent_on_request_to_an_unproven_address",
    ),
    without(
        "a key that was revoked is sent to",
        SENDING,
        "    endpoints.disable_orphans(at=clock())\n",
        "",
        HANDED + "test_a_key_that_is_revoked_gets_nothing_more",
    ),
    without(
        "a later event overtakes the one before",
        "tracker/models/delivery.py",
        "filter(~Exists(before), next_try__lte=at)",
        "filter(next_try__lte=at)",
        HANDED + "test_a_later_event_of_a_commitment_waits_for_the_earlier_one",
    ),
    # By event or by id: either key alone keeps the second one out.
    Mutation(
        "an event is delivered twice to an endpoint",
        [
            Change(
                "tracker/migrations/0002_webhooks.py",
                """        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.UniqueConstraint(
                fields=("endpoint", "event"), name="delivery_once_per_endpoint"
            ),
        ),
""",
                "",
            ),
            Change(
                "tracker/migrations/0002_webhooks.py",
                """        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.UniqueConstraint(
                fields=("endpoint", "message_id"), name="delivery_has_its_own_id"
            ),
        ),
""",
                "",
            ),
        ],
        [HANDED + "test_fanning_out_twice_delivers_once"],
    ),
    without(
        "a worker's lease keeps nobody off",
        "tracker/models/leased.py",
        "return self.filter(Q(leased_until=None) | Q(leased_until__lt=at))",
        "return self.all()",
        HANDED + "test_a_worker_that_died_loses_its_lease_and_nothing_else",
    ),
    without(
        "secrets stand in the database as they are",
        "tracker/webhooks/sealing.py",
        "    return _box().encrypt(secret.encode()).decode()",
        "    return secret",
        "security/test_encryption.py::"
        "test_a_secret_is_sealed_by_aes_in_a_chain_under_an_hmac",
    ),
    without(
        "a machine sees the endpoints of others",
        "tracker/api/webhooks.py",
        "            Endpoint.objects.filter(key=self.request.auth)\n",
        "            Endpoint.objects\n",
        ASKED + "test_nobody_sees_or_touches_what_is_anothers",
    ),
    without(
        "a machine is told what another machine answered",
        "tracker/api/webhooks.py",
        '"done_at", "last_status"),',
        '"done_at", "last_status", "last_error"),',
        ASKED + "test_deliveries_are_listed_and_tell_nothing_of_what_was_answered",
    ),
]
