"""The addresses of signing in: of allauth's, only those that staff need. No sign-up, no change of address."""

from allauth.account.views import reauthenticate
from django.urls import URLPattern, URLResolver, include, path, re_path

from paktaleem.signin.views import forgot_password, new_password, remove_key, to_sign_in

urlpatterns: list[URLPattern | URLResolver] = [
    path("login/", to_sign_in, name="account_login"),
    path("reauthenticate/", reauthenticate, name="account_reauthenticate"),
    path("password/reset/", forgot_password, name="account_reset_password"),
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        new_password,
        name="account_reset_password_from_key",
    ),
    path("2fa/webauthn/keys/<int:pk>/remove/", remove_key, name="mfa_remove_webauthn"),
    path("2fa/", include("allauth.mfa.urls")),
]
