"""The addresses of the preference centre."""

from django.urls import path

from consent.choices.views import decide, give, show

urlpatterns = [
    path("", show, name="choices"),
    path("give/<str:purpose>/", give, name="choices-give"),
    path("decide/<str:purpose>/", decide, name="choices-decide"),
]
