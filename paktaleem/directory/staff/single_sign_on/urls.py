"""URLs of single sign-on."""

from django.urls import path

from paktaleem.directory.staff.single_sign_on.views import choose_institution, come_back, go_to_provider, sign_on_again

urlpatterns = [
    path("", choose_institution, name="single_sign_on_choose"),
    path("sign-in-again/", sign_on_again, name="single_sign_on_again"),
    path("<str:code>/", go_to_provider, name="single_sign_on"),
    path("<str:code>/callback/", come_back, name="single_sign_on_callback"),
]
