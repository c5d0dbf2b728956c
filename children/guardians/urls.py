"""URLs of the providers' callback endpoint."""

from django.urls import path

from children.guardians.views import answer_check

urlpatterns = [path("<str:client>/<str:provider>/", answer_check, name="guardian-check-answer")]
