"""URLs of the guardians' pages and of signing in to them."""

from django.urls import path

from consent.own_pages.guardian.views.pages import (
    SHARING,
    answer_service_page,
    confirm,
    show_all,
    show_child,
    withdraw_service,
)
from consent.own_pages.guardian.views.purposes import ask_for_check, ask_purpose, open_own_choices, withdraw_purpose
from paktaleem.directory.access_links.models import Page
from paktaleem.directory.access_links.views import enter_code, leave, start

_PAGE = {"page": Page.GUARDIAN}
_CHILD = "child/<uuid:child>/"

urlpatterns = [
    path("", show_all, name="guardian"),
    path(_CHILD, show_child, name="guardian-child"),
    path(f"{_CHILD}service/", answer_service_page, name="guardian-service"),
    path(f"{_CHILD}sharing/", answer_service_page, {"question": SHARING}, name="guardian-sharing"),
    path(f"{_CHILD}confirm/", confirm, name="guardian-confirm"),
    path(f"{_CHILD}withdraw/", withdraw_service, name="guardian-withdraw"),
    path(f"{_CHILD}purpose/<str:purpose>/", ask_purpose, name="guardian-purpose"),
    path(f"{_CHILD}purpose/<str:purpose>/back/", withdraw_purpose, name="guardian-purpose-back"),
    path(f"{_CHILD}check/", ask_for_check, name="guardian-check-own"),
    path("own/", open_own_choices, name="guardian-own"),
    path("code/", enter_code, _PAGE, name="guardian-code"),
    path("leave/", leave, _PAGE, name="guardian-leave"),
    path("<str:client>/", start, _PAGE, name="guardian-start"),
]
