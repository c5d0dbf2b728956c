"""URLs below the guardians' pages: a child's data."""

from django.urls import path

from rights.guardian_requests.views import ask_for_data

urlpatterns = [path("child/<uuid:child>/data/", ask_for_data, name="guardian-data")]
