"""URLs of rights requests: the public forms, the person's own requests, and a guardian's requests about a child."""

from django.urls import path

from paktaleem.directory.access_links.models import Page
from paktaleem.directory.access_links.views import follow_link, own_page_urls
from rights.channels import views
from rights.erasures.views import cancel_erasure_of_ward, cancel_own_erasure
from rights.packages.views import show_copy
from rights.rectifications.views import (
    state_corrections_of_ward,
    state_disagreement_of_ward,
    state_own_corrections,
    state_own_disagreement,
)

_DATA = "child/<uuid:child>/data/"

requests_urls = [
    path("copy/<uuid:rights_request>/", show_copy, name="requests-copy"),
    path("mine/<uuid:rights_request>/corrections/", state_own_corrections, name="requests-corrections"),
    path("mine/<uuid:rights_request>/disagreement/", state_own_disagreement, name="requests-disagreement"),
    path("mine/erasure/", cancel_own_erasure, name="requests-erasure"),
    path("", views.make_request, {"client": "paktaleem"}, name="rights-form"),
    path("mine/", views.show_own_requests, name="requests"),
    path("mine/new/", views.make_own_request, name="requests-new"),
    path("mine/answer/", views.answer_own_request, name="requests-answer"),
    path("link/<str:token>/", follow_link, {"page": Page.REQUESTS}, name="requests-link"),
    *own_page_urls(Page.REQUESTS, start_at="follow/<str:client>/"),
    path("<str:client>/", views.make_request, name="rights-form-of"),
]
"""Below ``requests/``."""
guardian_urls = [
    path(_DATA, views.ask_for_data, name="guardian-data"),
    path(f"{_DATA}end/", views.end_request, name="guardian-data-end"),
    path(f"{_DATA}erasure/", cancel_erasure_of_ward, name="guardian-erasure"),
    path(f"{_DATA}copy/<uuid:rights_request>/", views.show_copy, name="guardian-copy"),
    path(f"{_DATA}<uuid:rights_request>/corrections/", state_corrections_of_ward, name="guardian-corrections"),
    path(f"{_DATA}<uuid:rights_request>/disagreement/", state_disagreement_of_ward, name="guardian-disagreement"),
]
"""Below ``guardian/``: a child's data."""
concern_urls = [
    path("", views.report_concern, {"client": "paktaleem"}, name="concern"),
    path("<str:client>/", views.report_concern, name="concern-about"),
]
"""Below ``concern/``."""
