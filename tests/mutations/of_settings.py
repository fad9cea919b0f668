"""How the tracker is set up, what it answers with, and what it writes down."""

from .mutation import Change, Mutation, without

SETTINGS, ENVIRONMENT, LOGS = (
    "config/settings.py",
    "config/environment.py",
    "config/logs.py",
)
STARTED = "config/test_compose.py::test_a_bad_setting_stops_the_start_with_a_sentence"
PRODUCTION, COMPOSE = "security/test_production.py::", "docker-compose.yml"
HEADERS = (
    "security/test_headers.py::test_every_address_answers_with_headers_worth_an_a_plus"
)

THIS_MACHINE = (
    'return name in ("127.0.0.1", "[::1]") or f".{name}".endswith(".localhost")'
)
MUTATIONS = [
    without(
        "a client says under which path the site lies",
        "config/gunicorn.py",
        'forwarder_headers = ""',
        'forwarder_headers = "SCRIPT_NAME"',
        "faults/test_server.py::test_no_client_says_under_which_path_the_site_lies",
    ),
    Mutation(
        "debugging is on where nobody says",
        [
            Change(
                SETTINGS,
                'DEBUG = switch("DEBUG", default=False)',
                'DEBUG = switch("DEBUG", default=True)',
            ),
            Change(ENVIRONMENT, THIS_MACHINE, "return True"),
        ],
        [
            PRODUCTION + "test_nothing_is_debugged",
            "config/test_compose.py::"
            "test_without_a_bad_setting_the_start_is_that_of_production",
        ],
    ),
    without(
        "a short key is taken",
        ENVIRONMENT,
        "    if not debug and len(key) < SHORTEST_KEY:",
        "    if False:",
        STARTED,
    ),
    without(
        "any host may be named in production",
        SETTINGS,
        'if "*" in ALLOWED_HOSTS:',
        "if False:",
        STARTED,
    ),
    without(
        "code and settings are shown to the public",
        ENVIRONMENT,
        THIS_MACHINE,
        "return True",
        STARTED,
    ),
    without(
        "a switch that cannot be read is off",
        ENVIRONMENT,
        "    raise ImproperlyConfigured(f'{name} is \"{value}\". Set it to on or off.')",
        "    return False",
        STARTED,
    ),
    without(
        "the name of the host is not looked at",
        SETTINGS,
        "CSRF_TRUSTED_ORIGINS = ",
        'ALLOWED_HOSTS += ["*"]\nCSRF_TRUSTED_ORIGINS = ',
        "security/test_requests.py::test_another_host_is_refused",
    ),
    without(
        "cookies go over the clear",
        SETTINGS,
        "SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE",
        "SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = False",
        PRODUCTION + "test_cookies_are_for_this_host_over_https_alone",
    ),
    without(
        "who comes in the clear stays there",
        SETTINGS,
        "SECURE_SSL_REDIRECT = SECURE",
        "SECURE_SSL_REDIRECT = False",
        PRODUCTION + "test_who_comes_in_the_clear_is_sent_to_https",
    ),
    without(
        "browsers may come in the clear again",
        SETTINGS,
        "SECURE_HSTS_SECONDS = 31_536_000 if SECURE else 0",
        "SECURE_HSTS_SECONDS = 0",
        PRODUCTION + "test_browsers_are_told_to_come_by_https_for_a_year",
    ),
    without(
        "scripts in pages run",
        SETTINGS,
        '"script-src": [SELF],',
        '"script-src": [SELF, "\'unsafe-inline\'"],',
        HEADERS,
    ),
    without(
        "the policy is not sent",
        SETTINGS,
        '    "config.headers.ContentPolicy",\n',
        "",
        HEADERS,
    ),
    without(
        "the policy that a view opened is that of the next answer",
        "config/headers.py",
        "        if settings.DEBUG or any(",
        "        if settings.DEBUG and any(",
        "security/test_headers.py::test_the_policy_of_one_answer_is_not_that_of_the_next",
        "tracker/test_embeds.py::test_embed_may_be_framed_anywhere_and_sets_no_cookie",
    ),
    without(
        "what only its holder may know is logged",
        LOGS,
        "        if any(part in name for part in SECRET_PARTS):",
        "        if False:",
        "config/test_logs.py::test_what_only_its_holder_may_know_is_hidden",
    ),
    without(
        "a line of the log may be slipped in",
        LOGS,
        "    if not text.isprintable():",
        "    if False:",
        "config/test_logs.py::test_a_line_break_in_a_message_writes_no_line_of_its_own",
    ),
    without(
        "a path that leads nowhere is logged",
        LOGS,
        '        return "(no page)" if request.path != "/" else "/"',
        "        return request.path",
        "config/test_logs.py::test_a_path_that_leads_nowhere_is_not_written_down",
    ),
    # The library leaves some out by itself, and so do we.
    Mutation(
        "errors are reported with what people sent",
        [
            Change(
                "config/reports.py", "send_default_pii=False", "send_default_pii=True"
            ),
            Change(
                "config/reports.py",
                'if k not in ("request", "user")}',
                'if k not in ("", "")}',
            ),
        ],
        [
            "config/test_reports.py::test_no_report_holds_what_people_sent_or_who_they_are"
        ],
    ),
    without(
        "a question of a request takes as long as it wants",
        COMPOSE,
        "      PGOPTIONS: -c statement_timeout=10s\n",
        "",
        "config/test_compose.py::"
        "test_a_question_of_a_request_ends_and_others_take_their_time",
    ),
    without(
        "the database has a password of ours",
        COMPOSE,
        "POSTGRES_PASSWORD: ${POSTGRES_PASSWORD:?",
        "POSTGRES_PASSWORD: ${POSTGRES_PASSWORD:-tracker?",
        "config/test_compose.py::"
        "test_database_and_broker_let_nobody_in_without_a_password",
    ),
    without(
        "the image runs as root",
        "Dockerfile",
        "USER tracker\n",
        "",
        "config/test_compose.py::"
        "test_the_image_runs_without_root_from_production_requirements",
    ),
    without(
        "a body larger than any form is read",
        "config/failures.py",
        "int(length[:20]) > MOST_BYTES:",
        "int(length[:20]) < 0:",
        "faults/test_database.py::"
        "test_more_than_any_form_takes_is_refused_before_it_is_read",
    ),
    without(
        "a database that is away is told as a mistake",
        "config/failures.py",
        "    if not is_passing(sys.exc_info()[1]):",
        "    if True:",
        "faults/test_database.py::test_who_signs_in_when_the_database_goes_away_is_told"
        "_to_come_again",
        "faults/test_database.py::test_a_locked_database_says_when_to_come_again",
        database="sqlite",
    ),
    without(
        "a mistake of ours is told as passing",
        "config/failures.py",
        "        return isinstance(error, OperationalError) and code & 0xFF in SQLITE",
        "        return True",
        "faults/test_database.py::test_only_what_passes_by_itself_is_said_to_pass",
    ),
    without(
        "who sends slowly is waited for",
        "config/arrivals.py",
        "            if arriving.is_late(now):",
        "            if False:",
        "faults/test_slow_clients.py::test_who_is_late_is_told_so_and_sent_away",
    ),
    without(
        "a crowd for one page takes every thread",
        "config/arrivals.py",
        "            if may_wait and key in self.behind:",
        "            if False:",
        "faults/test_cold_cache.py::test_a_page_is_computed_once_for_all_who_ask",
    ),
    without(
        "who waits for an answer waits for its first reader",
        "config/arrivals.py",
        "                if environ.get(KEY) in self.behind:",
        "                if False:",
        "faults/test_behind.py::test_nobody_waits_for_one_who_does_not_read",
    ),
    without(
        "who waits for an answer waits for ever",
        "config/arrivals.py",
        "            if now > behind.began + PATIENCE:",
        "            if False:",
        "faults/test_behind.py::test_nobody_waits_for_ever",
    ),
    without(
        "who waits for one who hung up waits in vain",
        "config/arrivals.py",
        "        if key in self.behind and self.behind[key].first is conn:",
        "        if False:",
        "faults/test_behind.py::"
        "test_nobody_waits_for_one_who_hung_up_before_a_thread_was_free",
    ),
    without(
        "those for whom nothing was kept wait for one another",
        "config/arrivals.py",
        "(conn, whole, False) for",
        "(conn, whole, True) for",
        "faults/test_behind.py::"
        "test_those_for_whom_nothing_was_kept_are_answered_beside_each_other",
    ),
    without(
        "an entry may be lost with the power",
        ENVIRONMENT,
        "PRAGMA synchronous=FULL; ",
        "PRAGMA synchronous=NORMAL; ",
        "config/test_health.py::test_all_is_well",
        database="sqlite",
    ),
    without(
        "a database that would lose entries is not told of",
        "config/health.py",
        '    "durability": durability,\n',
        "",
        "config/test_health.py::"
        "test_a_database_that_would_lose_entries_with_its_power_is_told",
    ),
    without(
        "a broker that drops tasks is not told of",
        "config/health.py",
        '    if policy.startswith("allkeys-"):',
        "    if False:",
        "config/test_health.py::test_a_broker_that_would_drop_tasks_is_told",
    ),
]
