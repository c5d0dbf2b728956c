"""URLs of the public form for concerns about a child's data."""

from django.urls import path

from rights.guardian_requests.views import report_concern

urlpatterns = [
    path("", report_concern, {"client": "paktaleem"}, name="concern"),
    path("<str:client>/", report_concern, name="concern-about"),
]
