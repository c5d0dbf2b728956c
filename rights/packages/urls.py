"""URLs of the copies on the person's own page."""

from django.urls import path

from rights.packages.views import download_copy, request_code, show_copy

urlpatterns = [
    path("<uuid:rights_request>/", show_copy, name="requests-copy"),
    path("<uuid:rights_request>/code/", request_code, name="requests-copy-code"),
    path("<uuid:rights_request>/download/", download_copy, name="requests-copy-download"),
]
