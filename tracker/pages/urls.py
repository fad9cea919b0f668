"""Addresses of the pages beyond the list, a commitment, a source and the method."""

from django.urls import path

from tracker.pages import checkpoints

urlpatterns = [
    path("checkpoints/", checkpoints.checkpoints, name="checkpoints"),
    path("checkpoints.jsonl", checkpoints.checkpoints_file, name="checkpoints-file"),
]
