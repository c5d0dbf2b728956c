"""URL of the person's own page about an erasure."""

from django.urls import path

from rights.erasures.views import cancel_own_erasure

urlpatterns = [path("erasure/", cancel_own_erasure, name="requests-erasure")]
