"""URLs of the public form and of the person's own requests."""

from django.urls import path

from paktaleem.directory.access_links.models import Page
from paktaleem.directory.access_links.views import enter_code, follow_link, leave, start
from rights.channels.views import answer_own_request, make_own_request, make_request, show_own_requests

_OWN = {"page": Page.REQUESTS}

urlpatterns = [
    path("", make_request, {"client": "paktaleem"}, name="rights-form"),
    path("mine/", show_own_requests, name="requests"),
    path("mine/new/", make_own_request, name="requests-new"),
    path("mine/answer/", answer_own_request, name="requests-answer"),
    path("code/", enter_code, _OWN, name="requests-code"),
    path("leave/", leave, _OWN, name="requests-leave"),
    path("link/<str:token>/", follow_link, _OWN, name="requests-link"),
    path("follow/<str:client>/", start, _OWN, name="requests-start"),
    path("<str:client>/", make_request, name="rights-form-of"),
]
