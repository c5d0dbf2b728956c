"""URLs of the preference centre."""

from django.urls import path

from consent.preference_centre.views import decide, give, receipt, show
from consent.receipts.views import follow_receipt

urlpatterns = [
    path("", show, name="choices"),
    path("give/<str:purpose>/", give, name="choices-give"),
    path("decide/<str:purpose>/", decide, name="choices-decide"),
    path("receipt/<uuid:event>/", receipt, name="choices-receipt"),
    path("<str:client>/receipt/<str:code>/", follow_receipt, name="receipt-followed"),
]
