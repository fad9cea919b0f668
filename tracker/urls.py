from django.urls import include, path

from tracker.pages.commitment import commitment
from tracker.pages.home import home
from tracker.pages.listing import commitments
from tracker.pages.method import method
from tracker.pages.source import source

urlpatterns = [
    path("", home, name="home"),
    path("commitments/", commitments, name="commitments"),
    path("commitments/<slug:slug>/", commitment, name="commitment"),
    path("sources/<slug:slug>/", source, name="source"),
    path("method/", method, name="method"),
    path("", include("tracker.pages.urls")),
]
