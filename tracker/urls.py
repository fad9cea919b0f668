from django.urls import include, path

from tracker import views

urlpatterns = [
    path("", views.home, name="home"),
    path("commitments/", views.commitments, name="commitments"),
    path("commitments/<slug:slug>/", views.commitment, name="commitment"),
    path("sources/<slug:slug>/", views.source, name="source"),
    path("method/", views.method, name="method"),
    path("", include("tracker.pages.urls")),
]
