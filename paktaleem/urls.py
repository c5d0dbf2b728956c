"""URL configuration of the portal."""

from django.urls import URLPattern, URLResolver, include, path

from consent.api.evaluation import evaluate, evaluate_many, show_metadata
from consent.api.receipts import show_context
from paktaleem.api.schema import show_docs, show_schema
from paktaleem.console.site import site as console
from paktaleem.doors.models import Page
from paktaleem.doors.views import follow_link
from paktaleem.health import healthz, readyz

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("api/schema/", show_schema, name="schema"),
    path("api/docs/", show_docs, name="docs"),
    path("api/v1/", include("paktaleem.api.urls")),
    path("access/v1/evaluation", evaluate, name="evaluation"),
    path("access/v1/evaluations", evaluate_many, name="evaluations"),
    path(".well-known/authzen-configuration", show_metadata, name="authzen-configuration"),
    path("privacy/", include("consent.urls")),
    path("ns/consent/v1", show_context, name="consent-context"),
    path("choices/", include("consent.choices.urls")),
    path("choices/", include("paktaleem.doors.urls")),
    path("guardian/checks/", include("children.urls")),
    path("guardian/", include("children.invitations.urls")),
    path("g/<str:token>/", follow_link, {"page": Page.GUARDIAN}, name="guardian-link"),
    path("concern/", include("children.concerns.urls")),
    path("admin/", console.urls),
    path("accounts/", include("paktaleem.signin.urls")),
]

handler429 = "paktaleem.signin.lockout.locked_out"
handler400 = "paktaleem.errors.bad_request"
handler403 = "paktaleem.errors.permission_denied"
handler404 = "paktaleem.errors.not_found"
handler500 = "paktaleem.errors.defect"
