"""URLs of the public pages of notices: PakTaleem's, and those of each client."""

from django.urls import path

from consent.notices.views import (
    compare_versions,
    list_versions,
    show_child_text,
    show_notice,
    show_policy,
    show_version,
)

urlpatterns = [
    path("", show_policy, name="privacy"),
    path("<slug:client>/", show_policy, name="privacy-of"),
    path("<slug:client>/children/", show_child_text, name="privacy-for-children"),
    path("<slug:client>/versions/", list_versions, name="privacy-versions"),
    path("<slug:client>/versions/<uuid:version>/", show_version, name="privacy-version"),
    path("<slug:client>/compare/", compare_versions, name="privacy-compare"),
    path("<slug:client>/notices/<slug:code>/", show_notice, name="privacy-notice"),
]
