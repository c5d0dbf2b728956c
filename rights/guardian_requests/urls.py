"""URLs below the guardians' pages: a child's data."""

from django.urls import path

from rights.guardian_requests.views import ask_for_data, download_copy, end_request, request_code, show_copy

_DATA = "child/<uuid:child>/data/"
_COPY = f"{_DATA}copy/<uuid:rights_request>/"

urlpatterns = [
    path(_DATA, ask_for_data, name="guardian-data"),
    path(f"{_DATA}end/", end_request, name="guardian-data-end"),
    path(_COPY, show_copy, name="guardian-copy"),
    path(f"{_COPY}code/", request_code, name="guardian-copy-code"),
    path(f"{_COPY}download/", download_copy, name="guardian-copy-download"),
]
