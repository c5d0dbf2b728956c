"""URLs of the public form for concerns."""

from django.urls import path

from children.concerns.views import report

urlpatterns = [
    path("", report, {"client": "paktaleem"}, name="concern"),
    path("<str:client>/", report, name="concern-about"),
]
