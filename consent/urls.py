"""URLs of the public pages of notices and cookies, of the preference centre and of the guardians' pages."""

from django.urls import path

from consent.cookies.views import show_choice, show_config, show_cookies, take_choice
from consent.notices.views import (
    compare_versions,
    list_versions,
    show_child_text,
    show_notice,
    show_policy,
    show_version,
)
from consent.own_pages.choices import answer_purpose, change_choice, receipt, show
from consent.own_pages.guardian_pages import (
    SHARING,
    answer_service_page,
    confirm,
    show_all,
    show_child,
    withdraw_service,
)
from consent.own_pages.guardian_purposes import (
    ask_for_check,
    ask_purpose,
    open_children,
    open_own_choices,
    withdraw_purpose,
)
from consent.receipts.views import request_code_for_receipt
from paktaleem.directory.access_links.models import Page
from paktaleem.directory.access_links.views import follow_link, own_page_urls

_CHILD = "child/<uuid:child>/"

privacy_urls = [
    path("", show_policy, name="privacy"),
    path("<slug:client>/", show_policy, name="privacy-of"),
    path("<slug:client>/children/", show_child_text, name="privacy-for-children"),
    path("<slug:client>/versions/", list_versions, name="privacy-versions"),
    path("<slug:client>/versions/<uuid:version>/", show_version, name="privacy-version"),
    path("<slug:client>/compare/", compare_versions, name="privacy-compare"),
    path("<slug:client>/notices/<slug:code>/", show_notice, name="privacy-notice"),
]

cookies_urls = [
    path("", show_cookies, {"client": "paktaleem"}, name="cookies"),
    path("site/<str:key>/config.json", show_config, name="cookies-config"),
    path("site/<str:key>/choices", take_choice, name="cookies-choices"),
    path("site/<str:key>/choices/current", show_choice, name="cookies-choice"),
    path("<str:client>/", show_cookies, name="cookies-of"),
]

choices_urls = [
    path("", show, name="choices"),
    path("give/<str:purpose>/", answer_purpose, name="choices-give"),
    path("decide/<str:purpose>/", change_choice, name="choices-decide"),
    path("children/", open_children, name="choices-children"),
    path("receipt/<uuid:event>/", receipt, name="choices-receipt"),
    path("<str:client>/receipt/<str:code>/", request_code_for_receipt, name="receipt-followed"),
    path("link/<str:token>/", follow_link, {"page": Page.CHOICES}, name="choices-link"),
    *own_page_urls(Page.CHOICES),
]

guardian_urls = [
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
    *own_page_urls(Page.GUARDIAN),
]
