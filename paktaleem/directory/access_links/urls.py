"""URLs that lead to the preference centre; the page itself belongs to ``consent``."""

from django.urls import path

from paktaleem.directory.access_links.views import enter_code, follow_link, leave, start

urlpatterns = [
    path("code/", enter_code, name="choices-code"),
    path("leave/", leave, name="choices-leave"),
    path("link/<str:token>/", follow_link, name="choices-link"),
    path("<str:client>/", start, name="choices-start"),
]
