"""Watched sources for the tests: a feed on the played web, and what it lists."""

from collections import Counter

from commitments.models import WatchedSource

LDC = (
    "The Customs Tariff Commission decided that the zero tariff treatment of 100 % of "
    "tariff lines for least developed countries is extended to further countries. "
)


def source(kind="feed", url="http://news.test/feed", **given):
    return WatchedSource.objects.create(
        name="News", kind=kind, url=url, enabled=True, **given
    )


def feed(*items):
    entries = "".join(
        f"<item><title>{title}</title><link>{url}</link>"
        f"<pubDate>Mon, 23 Nov 2026 08:00:00 GMT</pubDate></item>"
        for title, url in items
    )
    return (
        f'<?xml version="1.0"?><rss version="2.0"><channel><title>N</title>{entries}'
        "</channel></rss>"
    ).encode()


def read_all(run):
    """Polling, robots and reading each take a turn of their host."""
    total = Counter()
    for _ in range(6):
        total += run(seconds=30)
    return total
