"""Which texts readers may see: every column that can hold one, of every table.

A column that is in no list fails a test: whoever adds one says here whether it is
public. What is private is then planted with a marker of its own and looked for in all
that leaves the tracker.
"""

from __future__ import annotations

from django.apps import apps
from django.db import models

TEXTS = (
    models.CharField,
    models.TextField,
    models.JSONField,
    models.GenericIPAddressField,
    models.BinaryField,
    models.FileField,
    models.UUIDField,
)

# Readers see these, of whatever row.
PUBLIC = """
commitments.Body: slug name name_zh short_name
commitments.Citation: url nature copy_sha256
commitments.Commitment: criteria_met milestones_met
commitments.HistoryEntry: criteria_met actor approver_actor method_version
commitments.HistoryEntry: idempotency_key leaves prev_digest digest
commitments.HistoryText: reason reason_salt wording
commitments.Indicator: slug name name_zh unit note
commitments.Link: url moved_to
commitments.Observation: note
commitments.Partner: slug name name_zh iso2 members
commitments.Passage: ref summary
commitments.Pillar: slug title title_zh summary
commitments.Plan: slug title title_zh summary
commitments.Source: slug title title_zh publisher speaker kind language url note
commitments.State: criteria_met milestones_met
commitments.Topic: slug name name_zh
commitments.Capture: kind sha256 text_sha256
commitments.Snapshot: address
tracker.Card: row whole
tracker.Event: body
tracker.Release: digest sums method_version site_name site_url made_with changes
tracker.ReleaseFile: name media_type sha256
tracker.ReleasedFact: name place line
tracker.Telling: html text line
"""

# Readers see these of a published commitment, of a document that one rests on, and of
# a tip that was answered: never of another.
ONCE_PUBLISHED = """
commitments.Commitment: slug ref title title_zh statement reading
commitments.Commitment: untrackable_reason due_basis
commitments.Criterion: text
commitments.Milestone: key title
commitments.Evidence: slug title title_original publisher url language summary
commitments.Capture: text
commitments.Tip: answer
"""

# Nobody outside the desk sees these; some belong to one reader or one key's owner.
PRIVATE = """
admin.LogEntry: object_id object_repr change_message
auth.User: password username first_name last_name email
axes.AccessAttempt: user_agent ip_address username http_accept path_info
axes.AccessAttempt: get_data post_data
axes.AccessFailureLog: user_agent ip_address username http_accept path_info
axes.AccessLog: user_agent ip_address username http_accept path_info session_hash
otp_static.StaticDevice: name
otp_static.StaticToken: token
otp_totp.TOTPDevice: name key
sessions.Session: session_key session_data
commitments.ApiAnswer: idempotency_key fingerprint body
commitments.ApiKey: name prefix digest
commitments.AuditEvent: account account_name actor actor_name address details
commitments.Capture: url headers warc note actor
commitments.Evidence: page_key
commitments.HistoryText: wording_salt author_name author_name_salt
commitments.HistoryText: approver_name approver_name_salt
commitments.Host: name holder robots
commitments.ImportRun: name sha256 file request_id problem rows by_name
commitments.Link: detail etag last_modified sha256
commitments.LinkCheck: url detail final_url
commitments.Proposal: content actor decided_actor
commitments.ProposalStep: actor comment content
commitments.SchedulerLease: holder
commitments.Sighting: page_key
commitments.Snapshot: failure
commitments.Snooze: reason
commitments.Suggestion: url page_key suggested_by title text text_sha256 failure
commitments.Suggestion: decided_by reason
commitments.SuggestionMatch: words
commitments.Sweep: opened_actor closed_actor
commitments.Tip: reference fingerprint message source_url email page decided_by
commitments.TipStep: actor comment
commitments.WatchedSource: name url outcome etag last_modified
tracker.Attempt: request_headers request_sha256 error response_headers response_body
tracker.Delivery: message_id last_error
tracker.Endpoint: holder url email note reason challenge
tracker.EndpointNotice: holder text
tracker.EndpointSecret: sealed
tracker.Event: request_id
tracker.Follow: filters
tracker.Follower: address key
tracker.Hold: reason
tracker.Knock: client
tracker.Letter: content
tracker.Mail: holder error
tracker.Release: folder
tracker.ReleaseOrder: outcome
tracker.Wish: address filters
"""

# Words of the program, not of people: from a list, or made by it.
WORDS = """
auth.Group: name
auth.Permission: name codename
contenttypes.ContentType: app_label model
commitments.ApiKey: scopes
commitments.Commitment: clause
commitments.Criterion: key
commitments.FlagScan: rules
commitments.ImportRun: format
commitments.QueueBeat: queue
commitments.ScheduledJob: name
commitments.Suggestion: language
commitments.Tip: language
tracker.Card: shape
tracker.Endpoint: kinds
tracker.Issue: period
tracker.Knock: what
tracker.Mail: message_key
"""


def listed(table: str) -> list[tuple[str, str]]:
    """Return the columns that a list names, as (model, field)."""
    return [
        (model, name)
        for model, _, names in (line.partition(":") for line in table.split("\n"))
        for name in names.split()
    ]


def of_texts() -> set[tuple[str, str]]:
    """Return every column of every table that can hold a text not from a list."""
    return {
        (model._meta.label, field.name)
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if isinstance(field, TEXTS) and not field.choices
    }
