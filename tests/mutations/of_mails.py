"""Following by mail: who is written to, by what link, and how often."""

from .mutation import Change, Mutation, without

PAGES, TOKENS, WISHES, SENDING = (
    "tracker/pages/following.py",
    "tracker/following/tokens.py",
    "tracker/following/wishes.py",
    "tracker/following/sending.py",
)
LINKS, ASKED, SENT = (
    "tracker/following/test_links.py::",
    "tracker/following/test_asking.py::",
    "tracker/following/test_sending.py::",
)

MUTATIONS = [
    without(
        "whoever types an address in follows for its owner",
        WISHES,
        "        ask(follower, at=at)\n    return True\n",
        "        from . import follows\n\n"
        "        waiting = [one.pk for one in follower.follows.waiting()]\n"
        "        follows.confirm(follower=follower, chosen=waiting, at=at)\n"
        "    return True\n",
        ASKED + "test_following_takes_a_question_by_mail_and_a_yes_on_a_page",
    ),
    without(
        "opening a link ends all mail",
        PAGES,
        '    if request.method != "POST":\n'
        "        held = follower.follows.confirmed().count()\n",
        "    if False:\n        held = follower.follows.confirmed().count()\n",
        LINKS + "test_opening_the_link_ends_nothing",
    ),
    without(
        "a link of one kind opens others",
        TOKENS,
        'salt=f"tracker.following.{self.value[0]}"',
        'salt="tracker.following"',
        LINKS + "test_a_link_of_one_kind_opens_no_other",
    ),
    without(
        "a link holds for ever",
        TOKENS,
        "    if age is not None and not signed_at - timedelta(minutes=5) <= at"
        " < signed_at + age:",
        "    if age is not None and not signed_at - timedelta(minutes=5) <= at:",
        LINKS + "test_a_link_holds_for_its_time",
    ),
    without(
        "a link that was made up is taken",
        TOKENS,
        "purpose.signer.unsign(token).rpartition(SEPARATOR)",
        "token.rpartition(SEPARATOR)[0].rpartition(SEPARATOR)",
        LINKS + "test_a_link_made_longer_lasting_by_hand_is_forged",
    ),
    without(
        "links are guessed at without end",
        PAGES,
        "            if is_over and purpose is not Purpose.STOP:",
        "            if False:",
        LINKS + "test_guessing_is_slowed_down_but_ending_mail_never_is",
    ),
    without(
        "pages behind a link are kept by caches",
        PAGES,
        'response["Cache-Control"] = "no-store, private"',
        'response["Cache-Control"] = "public, max-age=60"',
        LINKS + "test_pages_behind_a_link_are_kept_nowhere_and_set_no_cookie",
    ),
    without(
        "forms of other sites are taken",
        PAGES,
        "    return origin is None or urlsplit(origin).netloc == request.get_host()",
        "    return True",
        ASKED + "test_forms_of_other_sites_are_refused",
    ),
    without(
        "one click of any link lets other sites in",
        PAGES,
        "    return purpose is Purpose.STOP and (",
        "    return (",
        LINKS + "test_one_click_of_another_kind_of_link_does_not_let_other_sites_in",
    ),
    without(
        "somebody touches what another follows",
        PAGES,
        "one = follower.follows.confirmed().filter(pk=pk).first()",
        "one = Follow.objects.confirmed().filter(pk=pk).first()",
        LINKS + "test_nobody_touches_what_another_follows",
    ),
    without(
        "an address is asked as often as anybody likes",
        WISHES,
        "    if follower.asked_at is not None and follower.asked_at > at - PAUSE:",
        "    if False:",
        ASKED + "test_an_address_gets_one_question_a_day_however_often_it_is_asked_for",
    ),
    without(
        "a client asks for as many addresses as it likes",
        PAGES,
        '    if knocking.is_over(client, "wish", at=at):',
        "    if False:",
        ASKED + "test_a_client_may_ask_so_often_and_no_more",
    ),
    without(
        "our own addresses are written to",
        WISHES,
        "    if addresses.is_ours(wish.address):",
        "    if False:",
        ASKED + "test_nothing_is_sent_to_our_own_addresses",
    ),
    Mutation(
        "a link is sent to addresses that follow nothing",
        [
            Change(
                WISHES,
                "        if follower is not None:\n",
                "        if follower := follower or _follower(wish, at=at):\n",
            ),
            Change(
                WISHES,
                "    if follower.confirmed_at is None or (\n",
                "    if False and (\n",
            ),
        ],
        [
            ASKED
            + "test_the_link_to_ones_follows_is_sent_to_who_follows_and_nobody_else"
        ],
    ),
    without(
        "what may have been sent is sent again",
        SENDING,
        "return dead.update(state=Mail.State.UNCERTAIN,",
        "return dead.update(state=Mail.State.WAITING,",
        SENT + "test_a_worker_that_died_in_the_act_leaves_an_uncertain_mail",
    ),
    without(
        "a lease that ran out is acted on",
        SENDING,
        "        pk=mail.pk, state=Mail.State.WAITING, holder=mail.holder,"
        " leased_until__gt=at\n",
        "        pk=mail.pk\n",
        SENT + "test_a_lease_that_ran_out_is_not_acted_on",
    ),
    without(
        "whoever ended everything is written to",
        SENDING,
        "        if not confirmed.exists():",
        "        if False:",
        SENT + "test_whoever_ended_everything_meanwhile_is_not_written_to",
    ),
    without(
        "mails leave while the outbox is held",
        SENDING,
        "    if outbox.is_held():",
        "    if False:",
        SENT + "test_nothing_leaves_while_the_outbox_is_held_but_what_readers_ask_for",
    ),
    without(
        "what an operator let go is sent",
        SENDING,
        "        old.update(state=Mail.State.DROPPED)\n",
        "",
        SENT + "test_what_an_operator_lets_go_is_never_sent",
    ),
    without(
        "an address that refuses is written to for ever",
        SENDING,
        "    if tired is not None:",
        "    if False:",
        SENT + "test_an_address_that_refuses_time_and_again_is_left_alone",
    ),
    without(
        "the desk's morning mail is sent by two at once",
        "commitments/services/digests.py",
        "DeskDigest.objects.filter(free, kind=kind, on=on, sent_at=None)",
        "DeskDigest.objects.filter(kind=kind, on=on, sent_at=None)",
        "commitments/test_digests.py::"
        "test_a_run_beside_another_leaves_its_mails_and_takes_those_of_a_dead_one",
    ),
    without(
        "the desk's morning mail is sent again",
        "commitments/services/digests.py",
        "DeskDigest.objects.filter(free, kind=kind, on=on, sent_at=None)",
        "DeskDigest.objects.filter(free, kind=kind, on=on)",
        "commitments/test_digests.py::"
        "test_a_run_that_breaks_half_way_is_gone_on_with_and_doubles_nothing",
    ),
]
