"""URLs of the sign-in: the parts of allauth that staff need, without sign-up or change of address."""

from allauth.account.views import reauthenticate
from django.urls import URLPattern, URLResolver, include, path, re_path
from django.views.generic import RedirectView

from paktaleem.directory.staff.sign_in import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("login/", RedirectView.as_view(pattern_name="admin:login", query_string=True), name="account_login"),
    path("reauthenticate/", reauthenticate, name="account_reauthenticate"),
    path("password/reset/", views.ForgotPasswordView.as_view(), name="account_reset_password"),
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        views.NewPasswordView.as_view(),
        name="account_reset_password_from_key",
    ),
    path("2fa/totp/activate/", views.AddTotpView.as_view(), name="mfa_activate_totp"),
    path("2fa/totp/deactivate/", views.RemoveTotpView.as_view(), name="mfa_deactivate_totp"),
    path("2fa/webauthn/add/", views.AddKeyView.as_view(), name="mfa_add_webauthn"),
    path("2fa/recovery-codes/generate/", views.NewCodesView.as_view(), name="mfa_generate_recovery_codes"),
    path("2fa/webauthn/keys/<int:pk>/remove/", views.RemoveKeyView.as_view(), name="mfa_remove_webauthn"),
    path("2fa/", include("allauth.mfa.urls")),
]
