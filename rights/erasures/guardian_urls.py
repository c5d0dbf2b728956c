"""URL of the guardian's page about an erasure of a child's data."""

from django.urls import path

from rights.erasures.views import cancel_erasure_of_ward

urlpatterns = [path("child/<uuid:child>/data/erasure/", cancel_erasure_of_ward, name="guardian-erasure")]
