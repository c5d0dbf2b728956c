"""URL configuration of the portal."""

from django.urls import URLPattern, URLResolver, include, path

from children.guardians.views import answer_check
from consent.decisions.api import evaluate, evaluate_many, show_metadata, show_reasons
from consent.receipts.api import show_context
from consent.urls import choices_urls, cookies_urls, guardian_urls, privacy_urls
from paktaleem.directory.access_links.models import Page
from paktaleem.directory.access_links.views import follow_link
from paktaleem.directory.security.security_events.views import list_security_events
from paktaleem.foundation.accounts.middleware import EVALUATION, EVALUATIONS, METADATA
from paktaleem.foundation.console.site import site as console
from paktaleem.foundation.web.api.schema import show_docs, show_schema
from paktaleem.foundation.web.public.pages import show_front
from paktaleem.office.health import healthz, metrics, readyz
from paktaleem.office.menu import SECTIONS
from paktaleem.office.reports.law import show_public_law
from rights.channels.urls import concern_urls, guardian_urls as rights_urls, requests_urls

console.sections = SECTIONS
urlpatterns: list[URLPattern | URLResolver] = [
    path("", show_front, name="front"),
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
    path("security-events", list_security_events, name="security-events"),
    path("api/schema/", show_schema, name="schema"),
    path("api/docs/", show_docs, name="docs"),
    path("api/v1/", include("paktaleem.office.api_urls")),
    path(EVALUATION.removeprefix("/"), evaluate, name="evaluation"),
    path(EVALUATIONS.removeprefix("/"), evaluate_many, name="evaluations"),
    path(METADATA.removeprefix("/"), show_metadata, name="authzen-configuration"),
    path("privacy/law/", show_public_law, name="law"),
    path("privacy/", include(privacy_urls)),
    path("cookies/", include(cookies_urls)),
    path("docs/reasons/", show_reasons, name="reasons"),
    path("ns/consent/v1", show_context, name="consent-context"),
    path("choices/", include(choices_urls)),
    path("guardian/checks/<str:client>/<str:provider>/", answer_check, name="guardian-check-answer"),
    path("guardian/", include(rights_urls)),
    path("guardian/", include(guardian_urls)),
    path("g/<str:token>/", follow_link, {"page": Page.GUARDIAN}, name="guardian-link"),
    path("concern/", include(concern_urls)),
    path("requests/", include(requests_urls)),
    path("admin/", console.urls),
    path("accounts/single-sign-on/", include("paktaleem.directory.staff.single_sign_on.urls")),
    path("accounts/", include("paktaleem.directory.staff.sign_in.urls")),
]

handler429 = "paktaleem.directory.staff.sign_in.lockout.lockout_response"
handler400 = "paktaleem.foundation.web.public.errors.bad_request"
handler403 = "paktaleem.foundation.web.public.errors.permission_denied"
handler404 = "paktaleem.foundation.web.public.errors.not_found"
handler500 = "paktaleem.foundation.web.public.errors.defect"
