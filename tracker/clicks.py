"""What others add to links to us in order to follow clicks: no answer depends on it.

Networks, search engines and senders of newsletters do, often with another value for each
click. Campaigns are marked with ``utm_``; the other names are those that Google, Meta,
Microsoft, X, TikTok, LinkedIn, Yandex, Mailchimp, HubSpot, Marketo and Matomo tell in
their guides, and what WeChat puts behind a link that is passed on.
"""

from commitments.validation import TRACKING

CAMPAIGN = ("utm_", "pk_", "mtm_")
NAMES = frozenset(
    [
        *TRACKING,
        *("gclsrc", "dclid", "gbraid", "wbraid", "gad_source", "_ga", "_gl"),
        *("igshid", "igsh", "msclkid", "twclid", "ttclid", "li_fat_id"),
        *("yclid", "mc_cid", "mc_eid", "_hsenc", "_hsmi", "mkt_tok"),
        "isappinstalled",
    ]
)
# Beside them “from” is a day of ours.
PAIRS = frozenset(["from=singlemessage", "from=groupmessage", "from=timeline"])


def without(query: str) -> str:
    """Return a query, as it stands in an address, without what follows clicks."""
    kept = [pair for pair in query.split("&") if not _follows_a_click(pair)]
    return "&".join(kept)


def _follows_a_click(pair: str) -> bool:
    name = pair.partition("=")[0].lower()
    return name in NAMES or name.startswith(CAMPAIGN) or pair in PAIRS
