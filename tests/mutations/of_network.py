"""Requests to other machines, the verdicts on links, and kept copies."""

from .mutation import Change, Mutation, without

OUTGOING, VERDICTS = "commitments/outgoing.py", "commitments/verdicts.py"
PACING, COPIES = "commitments/pacing.py", "commitments/admin/copies.py"
ASKED = "commitments/links/test_outgoing.py::"
BOUNDED = "commitments/links/test_outgoing_bounds.py::"
GONE = "commitments/links/test_links.py::test_gone_needs_three_answers_three_days_apart"
SLOW = "test_the_deadline_holds_whatever_the_server_does"
SEALED = "commitments/links/test_copies_pages.py::test_a_kept_page_opens_in_a_sandbox"

MUTATIONS = [
    without(
        "a name is connected to, not the address that was checked",
        OUTGOING,
        "to, at = dial(checked[0], port)",
        "to, at = dial(host, port)",
        ASKED + "test_the_connection_goes_to_the_address_that_was_checked",
    ),
    without(
        "one public address among others is enough",
        OUTGOING,
        "checked = [check_address(one) for one in found]",
        "checked = [check_address(one) for one in found[:1]]",
        ASKED + "test_a_name_with_one_private_address_is_refused",
    ),
    without(
        "private addresses are asked",
        OUTGOING,
        "    if any(parsed.version == n.version and parsed in n for n in NOT_PUBLIC):",
        "    if parsed.is_unspecified:",
        ASKED + "test_a_hostile_address_is_refused_without_a_connection",
    ),
    without(
        "addresses in IPv6 that are not global are asked",
        OUTGOING,
        "    if parsed.version == 6 and parsed not in GLOBAL_V6:",
        "    if False:",
        ASKED + "test_a_hostile_address_is_refused_without_a_connection",
    ),
    without(
        "an address that two parsers read in two ways is asked",
        OUTGOING,
        "    if ours.isascii() and ours != theirs:",
        "    if False:",
        ASKED + "test_a_host_that_two_parsers_read_in_two_ways_is_refused",
    ),
    without(
        "redirects have no end",
        OUTGOING,
        "        if len(hops) > limits.redirects:",
        "        if len(hops) > 50:",
        BOUNDED + "test_redirects_end_after_five",
    ),
    without(
        "an answer to a post is followed elsewhere",
        OUTGOING,
        '    return _exchange("POST", url, sent, limits, end, body)',
        '    answer = _exchange("POST", url, sent, limits, end, body)\n'
        '    return get(answer.headers["location"])'
        " if answer.status in REDIRECTS else answer",
        BOUNDED + "test_a_body_is_sent_as_it_is_and_no_redirect_followed",
    ),
    without(
        "https falls back to http",
        OUTGOING,
        'if urlsplit(url).scheme == "https" and urlsplit(following).scheme == "http":',
        "if False:",
        BOUNDED + "test_https_never_falls_back_to_http",
    ),
    # Each read has its time, the whole has none; what is read in pieces is looked at
    # between them too.
    Mutation(
        "the whole exchange has no deadline",
        [
            Change(
                OUTGOING,
                "return self._inner.read(max_bytes, self._left())",
                "return self._inner.read(max_bytes, 10)",
            ),
            Change(
                OUTGOING,
                "    for piece in pieces:\n        _left(end)\n        raw += piece\n"
                "        if len(raw) > limits.bytes:",
                "    for piece in pieces:\n        raw += piece\n"
                "        if len(raw) > limits.bytes:",
            ),
        ],
        [f"{BOUNDED}{SLOW}[dripping]", f"{BOUNDED}{SLOW}[dripping_body]"],
    ),
    without(
        "a body may be of any length",
        OUTGOING,
        "        if len(raw) > limits.bytes:",
        "        if False:",
        BOUNDED + "test_a_body_beyond_the_limit_is_refused",
    ),
    Mutation(
        "what is packed may unfold to any length",
        [
            Change(
                OUTGOING,
                "unzip.decompress(piece, limits.bytes + 1 - len(body))",
                "unzip.decompress(piece)",
            ),
            Change(
                OUTGOING,
                "        if len(body) > limits.bytes or unzip.unconsumed_tail:",
                "        if False:",
            ),
        ],
        [BOUNDED + "test_a_compressed_bomb_is_refused_before_it_unfolds"],
    ),
    without(
        "certificates are not looked at",
        OUTGOING,
        "return ssl.create_default_context(cafile=certifi.where())",
        "return ssl._create_unverified_context()",
        "security/test_certificates.py::test_whom_nobody_vouches_for_is_refused",
    ),
    # A host's lease keeps other processes off, the turn keeps redirects off.
    Mutation(
        "a host is asked by many at once",
        [
            Change(PACING, "        with lock:\n            yield", "        yield"),
            Change(
                PACING,
                "    free = Host.objects.free(at=at).filter(",
                "    free = Host.objects.filter(",
            ),
            Change(
                "commitments/services/links.py",
                "        Host.objects.free(at=at)\n",
                "        Host.objects\n",
            ),
        ],
        [
            "commitments/links/test_pacing.py::"
            "test_one_request_at_a_time_to_a_host_and_many_hosts_at_once"
        ],
    ),
    without(
        "robots rules are not kept",
        "commitments/services/links.py",
        "if not pacing.rules(link.host).can_fetch(pacing.AGENT, link.url):",
        "if False:",
        "commitments/links/test_pacing.py::test_robots_rules_are_kept",
    ),
    without(
        "a wish to be let be is not kept",
        PACING,
        "    return min(max(wait, timedelta(0)), LONGEST_WAIT)",
        "    return min(timedelta(0), wait)",
        "commitments/links/test_pacing.py::test_retry_after_is_honoured",
    ),
    without(
        "a link is dead after one failure",
        VERDICTS,
        "MISSES = 3\n",
        "MISSES = 1\n",
        GONE,
    ),
    without(
        "three failures of one hour make a link dead",
        VERDICTS,
        "BETWEEN_MISSES = timedelta(days=3)",
        "BETWEEN_MISSES = timedelta(0)",
        GONE,
    ),
    without(
        "a server that refuses counts as not found",
        VERDICTS,
        "    if answer.status in (404, 410):",
        "    if answer.status in (403, 404, 410):",
        "commitments/links/test_links.py::test_a_refusal_is_blocked_and_never_gone",
    ),
    without(
        "an altered copy passes for the copy",
        "commitments/archive.py",
        'if f"{sha256(packed)}.warc.gz" != capture.warc.rpartition("/")[2]:',
        "if False:",
        "commitments/links/test_copies_pages.py::test_damage_to_a_copy_is_named",
    ),
    without(
        "the text of a copy may be altered",
        "commitments/archive.py",
        "    if sha256(capture.text.encode()) != capture.text_sha256:",
        "    if False:",
        "commitments/links/test_copies_pages.py::test_an_altered_text_of_a_copy_is_named",
    ),
    without(
        "a kept page runs as ours",
        COPIES,
        '    response["Content-Security-Policy"] = SANDBOX\n',
        "",
        SEALED,
    ),
    without(
        "a kept page may be taken for another kind",
        COPIES,
        '    response["X-Content-Type-Options"] = "nosniff"\n',
        '    response["X-Content-Type-Options"] = ""\n',
        SEALED,
    ),
    without(
        "anybody at the desk opens copies",
        COPIES,
        '    if not request.user.has_perm("commitments.view_capture"):',
        "    if False:",
        "commitments/links/test_copies_pages.py::test_copies_are_not_for_strangers",
    ),
]
