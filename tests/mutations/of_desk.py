"""Signing in, and who may do what at the desk."""

from .mutation import Change, Mutation, without

FACTOR, LOCK_OUT = "commitments/admin/second_factor.py", "commitments/lockout.py"
FACTORS, LOCKED, SIGNED = (
    "commitments/test_second_factor.py::",
    "commitments/test_lockout.py::",
    "security/test_signing_in.py::",
)
SETTINGS = "config/settings.py"

MUTATIONS = [
    without(
        "the second factor is not asked for before a change",
        FACTOR,
        "        return refused(request) if is_wanting(request) else get_response(request)",
        "        return get_response(request)",
        FACTORS + "test_without_second_factor_all_can_be_read_and_nothing_written",
    ),
    without(
        "the second factor is asked for before a POST alone",
        FACTOR,
        "        if request.method in SAFE or not is_at_desk:",
        '        if request.method != "POST" or not is_at_desk:',
        FACTORS + "test_other_methods_that_write_are_refused_too",
    ),
    without(
        "the password alone signs in",
        FACTOR,
        "        if not second_factor.is_set_up(user):\n",
        "        if True:\n",
        FACTORS + "test_password_alone_does_not_sign_in",
    ),
    without(
        "codes may be tried without end",
        FACTOR,
        '    if begun["tries"] < TRIES:',
        "    if True:",
        FACTORS + "test_wrong_codes_slow_down_and_then_ask_for_the_password_again",
    ),
    without(
        "a password is worth a code for ever",
        FACTOR,
        '    if not begun or at - datetime.fromisoformat(begun["at"]) > WITHIN:',
        "    if not begun:",
        FACTORS + "test_the_password_is_worth_ten_minutes",
    ),
    without(
        "a session that was known before is half signed in",
        FACTOR,
        "        self.request.session.cycle_key()\n",
        "",
        FACTORS + "test_a_session_known_before_does_not_become_a_signed_in_one",
    ),
    # Django's login gives a new session too: it is kept from doing so.
    Mutation(
        "a session that was chosen before is signed in",
        [
            Change(
                FACTOR,
                "            login(self.request, user)\n",
                "            self.request.session.cycle_key = lambda: None\n"
                "            self.request.session.flush = lambda: None\n"
                "            login(self.request, user)\n",
            ),
        ],
        [SIGNED + "test_a_session_that_an_attacker_chose_is_not_signed_in"],
    ),
    without(
        "after the second factor the session is the one of before",
        FACTOR,
        "            django_otp.login(request, device)\n"
        "            request.session.cycle_key()\n",
        "            django_otp.login(request, device)\n",
        FACTORS + "test_setting_up_shows_codes_once_and_opens_the_desk",
    ),
    without(
        "recovery codes stand in the database as they are",
        "commitments/services/second_factor.py",
        "    return b32encode(digest.digest()[:10]).decode()",
        "    return plain",
        FACTORS + "test_a_recovery_code_opens_once_and_is_kept_as_a_hash",
    ),
    without(
        "signing in leads elsewhere",
        FACTOR,
        '    return onward if ours else reverse("admin:index")',
        '    return onward or reverse("admin:index")',
        FACTORS + "test_the_step_to_another_page_stays_on_this_site",
    ),
    without(
        "passwords are guessed at without end from one address",
        SETTINGS,
        "AXES_FAILURE_LIMIT = 5\n",
        "AXES_FAILURE_LIMIT = 5000\n",
        LOCKED + "test_five_failures_lock_the_account_out_for_this_address",
    ),
    without(
        "passwords are guessed at from everywhere",
        LOCK_OUT,
        "failed(tries.filter(username=name)) >= limit and not is_known(name, request)",
        "False",
        LOCKED + "test_strange_addresses_share_what_one_has",
    ),
    without(
        "a stranger locks an owner out",
        LOCK_OUT,
        "failed(tries.filter(username=name)) >= limit and not is_known(name, request)",
        "failed(tries.filter(username=name)) >= limit",
        LOCKED
        + "test_neither_colleagues_nor_the_same_person_where_they_were_are_locked_out",
    ),
    without(
        "many accounts are guessed at from one address",
        LOCK_OUT,
        "failed(from_here) >= settings.ADDRESS_FAILURE_LIMIT or (",
        "(",
        LOCKED + "test_an_address_that_tries_many_names_is_locked_out_later",
    ),
    without(
        "tries meanwhile prolong a lock-out",
        SETTINGS,
        "AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False",
        "AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = True",
        LOCKED + "test_it_ends_by_itself_and_tries_meanwhile_do_not_prolong_it",
    ),
    without(
        "a password that another gave opens the desk",
        "commitments/admin/first_password.py",
        "        if is_pending(request):",
        "        if False:",
        "commitments/test_first_password.py::test_nothing_else_opens_before",
    ),
    without(
        "our own words are taken for a password",
        SETTINGS,
        '    for name in ("WithoutOurWords", "NotThePresentOne")',
        '    for name in ("NotThePresentOne",)',
        SIGNED + "test_passwords_that_anybody_would_try_are_refused",
    ),
    without(
        "passwords are hashed by an older way",
        SETTINGS,
        '    "django.contrib.auth.hashers.Argon2PasswordHasher",\n',
        "",
        SIGNED + "test_passwords_are_kept_as_argon2_hashes",
    ),
    without(
        "people stay signed in for weeks",
        SETTINGS,
        "SESSION_COOKIE_AGE = 12 * 3600",
        "SESSION_COOKIE_AGE = 14 * 24 * 3600",
        SIGNED + "test_nobody_stays_signed_in_for_longer_than_half_a_day",
    ),
    without(
        "forms of other sites are taken at the desk",
        SETTINGS,
        '    "django.middleware.csrf.CsrfViewMiddleware",\n',
        "",
        "commitments/test_admin.py::test_posts_need_the_csrf_token",
        "security/test_requests.py::test_no_form_is_taken_from_another_site",
    ),
    without(
        "what was typed as a password is counted with its failure",
        SETTINGS,
        'AXES_SENSITIVE_PARAMETERS = ["username", "ip_address", "csrfmiddlewaretoken",'
        ' "next"]',
        "AXES_SENSITIVE_PARAMETERS = []",
        LOCKED + "test_no_password_is_kept_wherever_it_was_typed",
    ),
    without(
        "acts are for whoever sees the commitment",
        "commitments/admin/acts.py",
        "    if not may(request.user, act.duty):",
        "    if False:",
        "commitments/test_admin.py::test_acts_are_for_their_groups",
    ),
    # The page may be posted to, and the guards of the database stand behind it.
    without(
        "what services write is changed by forms",
        "commitments/admin/base.py",
        "    def has_change_permission(self, request: HttpRequest, obj: Any = None)"
        " -> bool:\n        return False\n\n    def has_delete_permission",
        "    def has_change_permission(self, request: HttpRequest, obj: Any = None)"
        " -> bool:\n        return True\n\n    def has_delete_permission",
        "commitments/test_admin.py::test_history_cannot_be_changed_through_any_address",
    ),
    without(
        "an administrator gives themselves rights",
        "commitments/admin/accounts.py",
        '        return [*fixed, *(OWN if own else ["is_superuser"])]',
        "        return fixed",
        "commitments/test_account_pages.py::"
        "test_nobody_makes_themselves_a_superuser_or_gives_themselves_rights",
    ),
    without(
        "an administrator touches a superuser",
        "commitments/admin/accounts.py",
        "        return not above and super().has_change_permission(request, obj)",
        "        return super().has_change_permission(request, obj)",
        "commitments/test_account_pages.py::test_nobody_below_touches_a_superuser",
    ),
    without(
        "whoever works at the desk decides on tips",
        "commitments/services/tips.py",
        "    if not accounts.may(by, accounts.CONFIRM):\n",
        "    if False:\n",
        "commitments/test_tips.py::"
        "test_an_analyst_claims_and_drafts_and_a_reviewer_decides",
    ),
    without(
        "an answer to a tip may hold its sender's address",
        "commitments/services/tips.py",
        "    if tip.email and tip.email.lower() in answer.lower():",
        "    if False:",
        "commitments/test_tips.py::test_an_answer_that_cannot_be_published_is_refused",
    ),
    without(
        "what a sender wrote is kept for ever",
        "commitments/services/tips.py",
        "KEPT_FOR = timedelta(days=90)",
        "KEPT_FOR = timedelta(days=9000)",
        "commitments/test_tips.py::test_nothing_personal_is_left_in_any_table_after_90_days",
    ),
    without(
        "a claim keeps nobody off",
        "commitments/services/tips.py",
        "    if holder and holder != by and tip.claimed_until and tip.claimed_until > at:",
        "    if False:",
        "commitments/test_tips.py::test_a_claimed_tip_is_anothers_for_48_hours",
    ),
    without(
        "forms ask the database for what is no row",
        "commitments/apps.py",
        "        chosen_rows.mend()\n",
        "",
        "commitments/test_chosen_rows.py::test_what_is_no_row_is_refused_beside_its_field",
    ),
    without(
        "a number of any length is taken for that of a row",
        "commitments/validation.py",
        " and len(text) <= 18\n",
        "\n",
        "commitments/test_chosen_rows.py::"
        "test_a_number_that_no_row_has_breaks_no_page_of_the_desk",
    ),
]
