"""URLs of the pages about corrections, on the person's own page."""

from django.urls import path

from rights.rectifications.views import state_corrections

urlpatterns = [path("mine/<uuid:rights_request>/corrections/", state_corrections, name="requests-corrections")]
