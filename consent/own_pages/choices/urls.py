"""URLs of the preference centre."""

from django.urls import path

from consent.own_pages.choices.views import answer_purpose, change_choice, receipt, show
from consent.own_pages.guardian.views.purposes import open_children
from consent.receipts.views import request_code_for_receipt

urlpatterns = [
    path("", show, name="choices"),
    path("give/<str:purpose>/", answer_purpose, name="choices-give"),
    path("decide/<str:purpose>/", change_choice, name="choices-decide"),
    path("children/", open_children, name="choices-children"),
    path("receipt/<uuid:event>/", receipt, name="choices-receipt"),
    path("<str:client>/receipt/<str:code>/", request_code_for_receipt, name="receipt-followed"),
]
