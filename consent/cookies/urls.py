"""URLs of the page about cookies, and of the script that a client's pages include."""

from django.urls import path

from consent.cookies.views import show_choice, show_config, show_cookies, take_choice

urlpatterns = [
    path("", show_cookies, {"client": "paktaleem"}, name="cookies"),
    path("site/<str:key>/config.json", show_config, name="cookies-config"),
    path("site/<str:key>/choices", take_choice, name="cookies-choices"),
    path("site/<str:key>/choices/current", show_choice, name="cookies-choice"),
    path("<str:client>/", show_cookies, name="cookies-of"),
]
