"""URLs of the sign-in: the parts of allauth that staff need, without sign-up or change of address."""

from allauth.account.views import reauthenticate
from django.urls import URLPattern, URLResolver, include, path, re_path

from paktaleem.directory.staff.sign_in.views import (
    add_key,
    add_totp,
    forgot_password,
    new_codes,
    new_password,
    remove_key,
    remove_totp,
    to_sign_in,
)

urlpatterns: list[URLPattern | URLResolver] = [
    path("login/", to_sign_in, name="account_login"),
    path("reauthenticate/", reauthenticate, name="account_reauthenticate"),
    path("password/reset/", forgot_password, name="account_reset_password"),
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        new_password,
        name="account_reset_password_from_key",
    ),
    path("2fa/totp/activate/", add_totp, name="mfa_activate_totp"),
    path("2fa/totp/deactivate/", remove_totp, name="mfa_deactivate_totp"),
    path("2fa/webauthn/add/", add_key, name="mfa_add_webauthn"),
    path("2fa/recovery-codes/generate/", new_codes, name="mfa_generate_recovery_codes"),
    path("2fa/webauthn/keys/<int:pk>/remove/", remove_key, name="mfa_remove_webauthn"),
    path("2fa/", include("allauth.mfa.urls")),
]
