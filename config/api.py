"""How the API answers, and how its contract is written."""

from typing import Any

REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_RENDERER_CLASSES": ["tracker.api.renderers.ORJSONRenderer"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "tracker.api.renderers.Negotiation",
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_AUTHENTICATION_CLASSES": ["tracker.api.keys.KeyAuthentication"],
    "DEFAULT_THROTTLE_CLASSES": ["tracker.api.rates.ClientRate"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.AllowAny"],
    "DEFAULT_FILTER_BACKENDS": ["tracker.api.filters.StrictFilterBackend"],
    "DEFAULT_PAGINATION_CLASS": "tracker.api.pagination.KeysetPagination",
    "DEFAULT_SCHEMA_CLASS": "tracker.api.schemas.RecordSchema",
    "EXCEPTION_HANDLER": "tracker.api.problems.exception_handler",
    "UNAUTHENTICATED_USER": None,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
CONTRACT: dict[str, Any] = {
    "TITLE": "Opening-Up Tracker API",
    "DESCRIPTION": "The record of opening-up commitments, their status, history and "
    "evidence. Reading needs no key; trusted machines hand in drafts with one.",
    "VERSION": "1.0.0",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "tracker.api.contract.complete",
        "tracker.api.meanings.describe",
    ],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "ENUM_NAME_OVERRIDES": {
        "EntryKind": "commitments.statuses.EntryKind",
        "DeliveryStatus": "commitments.statuses.Status",
        "OfficialPosition": "commitments.statuses.Position",
        "Precision": "commitments.statuses.Precision",
        "Confidence": "commitments.statuses.Confidence",
        "CommitmentKind": "commitments.models.Commitment.Kind",
        "BodyKind": "commitments.models.Body.Kind",
        "PartnerKind": "commitments.models.Partner.Kind",
        "EndpointState": "tracker.models.Endpoint.State",
        "EndpointWish": "tracker.api.webhooks.WISHES",
        "DeliveryState": "tracker.models.Delivery.State",
    },
}
