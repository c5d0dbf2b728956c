"""URLs of the preference centre."""

from django.urls import path

from consent.choices.views import decide, give, receipt, show
from consent.views.receipts import follow_receipt

urlpatterns = [
    path("", show, name="choices"),
    path("give/<str:purpose>/", give, name="choices-give"),
    path("decide/<str:purpose>/", decide, name="choices-decide"),
    path("receipt/<uuid:event>/", receipt, name="choices-receipt"),
    path("<str:client>/receipt/<str:code>/", follow_receipt, name="receipt-followed"),
]
