"""What runs by itself: the scheduler, the queues, the nightly scans."""

from .mutation import Change, Mutation, without

BEAT, QUEUES = "config/test_beat.py::", "config/test_queues.py::"
SETTINGS = "config/settings.py"

MUTATIONS = [
    without(
        "two schedulers act",
        "commitments/services/schedule.py",
        "    free = Q(holder=holder) | Q(held_until__lte=at)",
        "    free = Q()",
        BEAT + "test_of_two_schedulers_one_acts",
    ),
    without(
        "a scheduler that lost its lease goes on",
        "config/beat.py",
        "        if not self.acts:\n            return PAUSE\n",
        "        self.acts = True\n",
        BEAT + "test_one_that_wakes_after_losing_the_lease_sends_nothing",
    ),
    without(
        "what the broker refused counts as sent",
        "config/beat.py",
        "            # The next try asks for a new connection.\n"
        "            super().close()\n            return\n",
        "",
        BEAT + "test_what_the_broker_refused_stays_due",
    ),
    without(
        "a clock that was set back delays everything",
        "config/beat.py",
        "last_run_at = min(last, at)",
        "last_run_at = last",
        BEAT + "test_a_clock_set_back_by_a_day_delays_nothing_by_a_day",
    ),
    without(
        "a task is lost with its worker",
        SETTINGS,
        "CELERY_TASK_ACKS_LATE = True",
        "CELERY_TASK_ACKS_LATE = False",
        QUEUES + "test_every_task_is_ended_and_is_taken_up_again_where_its_worker_dies",
    ),
    without(
        "a pickle from the broker is run",
        SETTINGS,
        'CELERY_ACCEPT_CONTENT = ["json"]',
        'CELERY_ACCEPT_CONTENT = ["json", "pickle"]',
        "faults/test_junk.py::"
        "test_messages_that_are_no_tasks_of_ours_are_dropped_and_the_worker_lives",
    ),
    # A scan compares what changed since the last one, and opens what is not open.
    Mutation(
        "the scan opens flags that are open",
        [
            Change(
                "commitments/services/flags.py",
                "    since = scan if _goes_on(scan, rules, on) else None",
                "    since = None",
            ),
            Change(
                "commitments/services/flags.py",
                "        missing = holding.filter(\n"
                '            ~Exists(open_flags.filter(commitment=OuterRef("pk")))\n'
                "        ).order_by()\n",
                "        missing = holding.order_by()\n",
            ),
        ],
        [
            "commitments/test_flags.py::"
            "test_a_second_scan_changes_nothing_and_a_review_closes"
        ],
    ),
    without(
        "a scan goes on by rules that were others",
        "commitments/services/flags.py",
        "    return scan.rules == rules and scan.on",
        "    return scan.on",
        "commitments/test_flag_scans.py::test_another_rule_is_heeded_by_the_next_scan",
    ),
]
