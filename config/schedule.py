"""What runs when, and which workers it waits for: every job is level-triggered."""

from typing import Any

from celery.schedules import crontab

# What waits for other machines has workers of its own.
QUEUES = ("celery", "network", "mail")
ROUTES = {
    "commitments.tasks.check_links": {"queue": "network"},
    "commitments.tasks.watch_sources": {"queue": "network"},
    "commitments.tasks.save_snapshots": {"queue": "network"},
    "tracker.tasks.relay_webhooks": {"queue": "network"},
    "tracker.tasks.answer_tips": {"queue": "mail"},
    "tracker.tasks.send_desk_digests": {"queue": "mail"},
    # Nobody who waits for a link waits for hundreds of web pages first.
    "tracker.tasks.write_mails": {"queue": "mail"},
    "tracker.tasks.send_mails": {"queue": "mail"},
}
BEAT: dict[str, Any] = {
    **{
        f"hear-the-queue-{queue}-every-half-minute": {
            "task": "commitments.tasks.hear_queue",
            "schedule": 30.0,
            "kwargs": {"queue": queue},
            "options": {"queue": queue, "expires": 60},
        }
        for queue in QUEUES
    },
    "work-on-imports-every-few-seconds": {
        "task": "commitments.tasks.work_on_imports",
        "schedule": 5.0,
        # While a worker is busy, what was asked meanwhile need not be asked again.
        "options": {"expires": 30},
    },
    "check-links-every-minute": {
        "task": "commitments.tasks.check_links",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
    "watch-sources-every-minute": {
        "task": "commitments.tasks.watch_sources",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
    "relay-webhooks-every-few-seconds": {
        "task": "tracker.tasks.relay_webhooks",
        "schedule": 5.0,
        "options": {"expires": 30},
    },
    # A card also says what follows from the day.
    "renew-cards-every-hour": {
        "task": "tracker.tasks.renew_cards",
        "schedule": crontab(minute=2),
    },
    "prune-deliveries-every-night": {
        "task": "tracker.tasks.prune_deliveries",
        "schedule": crontab(hour=3, minute=20),
    },
    "save-snapshots-every-hour": {
        "task": "commitments.tasks.save_snapshots",
        "schedule": crontab(minute=25),
    },
    "flag-commitments-every-night": {
        "task": "commitments.tasks.flag_commitments",
        "schedule": crontab(hour=2, minute=10),
    },
    "write-checkpoint-every-day": {
        "task": "commitments.tasks.write_checkpoint",
        "schedule": crontab(hour=2, minute=30),
    },
    "verify-record-every-night": {
        "task": "tracker.tasks.verify_record",
        "schedule": crontab(hour=4, minute=10),
    },
    # Makes one in each month: the first night on which the last is of another.
    "make-monthly-release-every-night": {
        "task": "tracker.tasks.make_monthly_release",
        "schedule": crontab(hour=3, minute=0),
    },
    "fill-release-order-every-minute": {
        "task": "tracker.tasks.fill_release_order",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
    "answer-tips-every-few-minutes": {
        "task": "tracker.tasks.answer_tips",
        "schedule": 300.0,
        "options": {"expires": 300},
    },
    "forget-senders-of-tips-every-day": {
        "task": "commitments.tasks.forget_senders",
        "schedule": crontab(hour=3, minute=20),
    },
    # Each person gets one a day: the later runs are for what failed or was missed.
    "send-desk-digests-every-morning": {
        "task": "tracker.tasks.send_desk_digests",
        "schedule": crontab(hour="6-20", minute=0),
    },
    "write-mails-every-few-seconds": {
        "task": "tracker.tasks.write_mails",
        "schedule": 5.0,
        "options": {"expires": 30},
    },
    "send-mails-every-few-seconds": {
        "task": "tracker.tasks.send_mails",
        "schedule": 5.0,
        "options": {"expires": 30},
    },
    "forget-followers-every-day": {
        "task": "tracker.tasks.forget_followers",
        "schedule": crontab(hour=3, minute=10),
    },
}
