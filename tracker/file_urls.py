"""Addresses of what machines read: one each, whatever language a page is in."""

from django.urls import path

from tracker.pages import checkpoints, listing, machines, oembed, releases, share

urlpatterns = [
    path(
        "commitments.csv", listing.download, {"format": "csv"}, name="commitments-csv"
    ),
    path(
        "commitments.jsonl",
        listing.download,
        {"format": "jsonl"},
        name="commitments-jsonl",
    ),
    path(
        "commitments.xlsx",
        listing.download,
        {"format": "xlsx"},
        name="commitments-xlsx",
    ),
    path("checkpoints.jsonl", checkpoints.checkpoints_file, name="checkpoints-file"),
    path(
        "data/releases/latest/<str:name>", releases.latest, name="release-latest-file"
    ),
    path(
        "data/releases/<int:number>/<str:name>",
        releases.release_file,
        name="release-file",
    ),
    path("share.png", share.everything, name="share-whole"),
    path("share/<slug:slug>.png", share.one, name="share-image"),
    path("oembed/", oembed.oembed, name="oembed"),
    path("sitemap.xml", machines.sitemap, name="sitemap"),
    path("robots.txt", machines.robots, name="robots"),
    path("favicon.ico", machines.icon, name="favicon"),
    path("apple-touch-icon.png", machines.icon, name="touch-icon"),
    path("llms.txt", machines.llms, name="llms"),
    path(".well-known/security.txt", machines.security, name="security"),
]
