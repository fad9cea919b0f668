from django.urls import include, path, re_path
from django.views.decorators.http import require_safe
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.routers import SimpleRouter

from tracker.api import commitments, stats, views
from tracker.api.answers import Answer
from tracker.api.changes import ChangesView
from tracker.api.machines import EvidenceViewSet, ProposalsView
from tracker.api.problems import errors_page
from tracker.api.releases import ReleaseViewSet
from tracker.api.webhooks import WebhookViewSet

LISTS = {
    "commitments": (commitments.CommitmentViewSet, "commitment"),
    "history": (commitments.HistoryViewSet, "history"),
    "evidence": (EvidenceViewSet, "evidence"),
    "indicators": (views.IndicatorViewSet, "indicator"),
    "sources": (views.SourceViewSet, "source"),
    "passages": (views.PassageViewSet, "passage"),
    "criteria": (views.CriterionViewSet, "criterion"),
    "milestones": (views.MilestoneViewSet, "milestone"),
    "observations": (views.ObservationViewSet, "observation"),
    "pillars": (views.PillarViewSet, "pillar"),
    "bodies": (views.BodyViewSet, "body"),
    "partners": (views.PartnerViewSet, "partner"),
    "topics": (views.TopicViewSet, "topic"),
    "releases": (ReleaseViewSet, "release"),
}
router = SimpleRouter()
for name, (viewset, basename) in LISTS.items():
    router.register(name, viewset, basename=f"api-{basename}")
router.register("webhooks", WebhookViewSet, basename="api-webhook")


class SchemaView(Answer, SpectacularAPIView):
    """The contract: OpenAPI 3.1, as JSON or YAML."""


viewer = SpectacularSwaggerSplitView.as_view(url_name="api-schema")

urlpatterns = [
    path("", views.IndexView.as_view(), name="api-index"),
    path("", include(router.urls)),
    path("proposals/", ProposalsView.as_view(), name="api-proposals"),
    path("changes/", ChangesView.as_view(), name="api-changes"),
    path("stats/", stats.StatsView.as_view(), name="api-stats"),
    path("schema/", SchemaView.as_view(), name="api-schema"),
    path("docs/errors/", require_safe(errors_page), name="api-errors"),
    path("docs/", viewer, name="api-docs"),
    re_path(r"^.*$", views.NothingHereView.as_view()),
]
