"""The API: who may ask what, and what machines hand in.

It has no PUT: what If-Match guards elsewhere, the lost update, is guarded at the desk,
where people edit.
"""

from .mutation import without

MACHINES, KEYS = "tracker/api/machines.py", "commitments/services/api_keys.py"
TAKEN, WAITED = "tracker/api/test_machines.py::", "tracker/api/test_rates.py::"
ONCE = "tracker/api/test_idempotency.py::"

MUTATIONS = [
    without(
        "fields that are not known are taken",
        MACHINES,
        "        if unknown := sorted(set(data) - set(self.fields)):",
        "        if unknown := []:",
        "security/test_requests.py::"
        "test_no_machine_writes_a_field_that_it_was_not_asked_for",
        TAKEN + "test_a_wrong_field_is_named",
    ),
    without(
        "a value of another type is taken",
        MACHINES,
        "        if isinstance(field, kind) and type(value) is not plain:",
        "        if False:",
        "tracker/api/test_hostile_bodies.py::test_a_field_of_the_wrong_type_is_named",
    ),
    without(
        "a name may stand twice in a body",
        MACHINES,
        "    if len(found) < len(pairs):",
        "    if False:",
        TAKEN + "test_a_hostile_body_is_a_problem_of_the_one_shape",
    ),
    without(
        "a body may be of any size",
        MACHINES,
        "        if len(body) > MOST_BYTES:",
        "        if False:",
        TAKEN + "test_a_hostile_body_is_a_problem_of_the_one_shape",
    ),
    without(
        "a key opens what it is not for",
        "tracker/api/keys.py",
        "    if scope not in request.auth.scopes:",
        "    if False:",
        TAKEN + "test_only_a_good_key_of_the_right_scope_is_taken",
    ),
    without(
        "a key holds for ever",
        "commitments/models/api_key.py",
        "return self.revoked_at is None and at < self.expires_at",
        "return self.revoked_at is None",
        TAKEN + "test_an_expired_key_is_worth_nothing",
    ),
    without(
        "a revoked key is good",
        "commitments/models/api_key.py",
        "return self.revoked_at is None and at < self.expires_at",
        "return at < self.expires_at",
        TAKEN + "test_only_a_good_key_of_the_right_scope_is_taken",
    ),
    without(
        "keys stand in the database as they are",
        KEYS,
        "    return hashlib.sha256(secret.encode()).hexdigest()",
        "    return secret[:64]",
        "security/test_table.py::test_keys_of_machines_are_long_and_kept_as_hashes",
    ),
    without(
        "what was handed in is handed in again",
        KEYS,
        "    if idempotency_key and (answer := earlier.first()):",
        "    if not idempotency_key and (answer := earlier.first()):",
        TAKEN + "test_the_same_key_gets_the_same_answer_and_does_nothing",
    ),
    without(
        "an Idempotency-Key may stand for another body",
        KEYS,
        "        if answer.fingerprint != fingerprint:",
        "        if False:",
        ONCE + "test_another_body_under_the_same_key_is_refused_even_a_wrong_one",
    ),
    without(
        "a mark of one key is that of all keys",
        KEYS,
        "ApiAnswer.objects.filter(key=key, idempotency_key=idempotency_key)",
        "ApiAnswer.objects.filter(idempotency_key=idempotency_key)",
        ONCE + "test_a_mark_belongs_to_its_key_and_its_address",
    ),
    without(
        "other sites may write with their reader's browser",
        "config/settings.py",
        'CORS_ALLOW_METHODS = ["GET", "HEAD", "OPTIONS"]',
        'CORS_ALLOW_METHODS = ["GET", "HEAD", "OPTIONS", "POST"]',
        "tracker/api/test_api.py::"
        "test_reads_are_open_to_other_sites_and_writes_refused",
    ),
    without(
        "filters reach where they are not known",
        "tracker/api/filters.py",
        "        if name not in known:",
        "        if False:",
        "tracker/api/test_lists.py::test_a_shape_that_is_not_there_is_refused",
        "tracker/api/test_days.py::test_what_has_no_past_says_why",
        "tracker/api/test_api.py::test_a_wrong_parameter_is_named_with_the_known_ones",
    ),
    without(
        "a client asks without end",
        "tracker/api/rates.py",
        "        return made <= limit",
        "        return True",
        WAITED + "test_who_asks_too_much_is_told_how_long_to_wait",
    ),
    without(
        "guesses at keys are free",
        "tracker/api/rates.py",
        "            self.check_throttles(request)  # type: ignore[attr-defined]\n",
        "",
        WAITED + "test_guesses_at_keys_are_counted_by_address",
    ),
    without(
        "a client is who it says it is",
        "commitments/lockout.py",
        "given = forwarded[-hops] if 0 < hops <= len(forwarded) else remote",
        "given = forwarded[0] or remote",
        WAITED + "test_an_address_that_a_client_makes_up_counts_for_nothing",
        "commitments/test_lockout.py::test_forged_addresses_do_not_evade_the_lock_out",
    ),
    without(
        "an address in IPv6 is a client of its own",
        "commitments/lockout.py",
        'ipaddress.ip_network(f"{address}/64", strict=False)',
        'ipaddress.ip_network(f"{address}/128", strict=False)',
        WAITED + "test_a_network_of_ipv6_is_one_client",
    ),
    without(
        "a broker that is gone stops readers",
        "tracker/api/rates.py",
        "    except (redis.RedisError, OSError):\n",
        "    except ZeroDivisionError:\n",
        WAITED + "test_reading_goes_on_where_redis_is_gone",
    ),
    without(
        "an address that no database takes is passed on",
        "tracker/middleware.py",
        "        if _is_readable(request):",
        "        if True:",
        "tracker/test_hostile.py::test_nul_and_broken_utf8_are_answered_with_a_page",
    ),
    without(
        "a search may be of any length",
        "tracker/browse.py",
        "    if len(search) > LONGEST_SEARCH:",
        "    if False:",
        "tracker/test_hostile.py::test_long_search_is_refused_not_run",
    ),
    without(
        "a failure of ours tells of its inside",
        "tracker/api/problems.py",
        "        case _:\n            return None\n",
        "        case _:\n            status, detail = 500, repr(error)\n",
        "tracker/api/test_problems.py::test_a_failure_of_ours_tells_nothing_of_itself",
    ),
]
