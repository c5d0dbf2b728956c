"""Adapters of django-allauth, without sign-up, and enrolment of second factors with encrypted secrets."""

import base64
import secrets

import structlog
from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.stages import AuthenticateStage
from allauth.mfa.utils import is_mfa_enabled
from cryptography.exceptions import InvalidTag
from django.conf import settings
from django.contrib.auth import authenticate
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext

from paktaleem.foundation.accounts.models import User
from paktaleem.foundation.accounts.sessions import (
    SINGLE_SIGN_ON,
    find_sign_on,
    has_provider_factor,
    has_recent_authentication,
    has_recent_own_factor,
)
from paktaleem.foundation.accounts.sign_in_rules import get_remote_address
from paktaleem.foundation.clock import wall_clock_now
from paktaleem.foundation.encryption.keyring import keyring

log = structlog.stdlib.get_logger(__name__)
_BINDING = b"second-factor"


class SecretLost(Exception):
    """The secret of a second factor cannot be decrypted."""


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Account adapter: officers create accounts; a password sign-in continues with the second factor."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002
        return False

    def get_login_stages(self) -> list[str]:
        return ["paktaleem.directory.staff.sign_in.adapters.SecondFactorStage"]

    def pre_authenticate(self, request: HttpRequest, **credentials: object) -> None:
        """Do nothing: axes counts failures, without locking users out from elsewhere."""

    def reauthenticate(self, user: User, password: str) -> bool:
        if find_sign_on(self.request) is not None:  # a session that began by single sign-on accepts no password
            return False
        found = authenticate(self.request, email=user.email, password=password)
        return found is not None and found.pk == user.pk

    def is_reauthentication_required(self, *, app: str, **_: object) -> bool:
        at = wall_clock_now()
        # The provider speaks for one client, and the account may have others: only the portal's own second factor
        # allows changes to second factors.
        if app == "allauth.mfa" and find_sign_on(self.request) and is_mfa_enabled(self.request.user):
            return not has_recent_own_factor(self.request, at=at)
        return not has_recent_authentication(self.request, at=at)

    def get_reauthentication_methods(self, user: object) -> list[dict[str, str]]:
        methods: list[dict[str, str]] = super().get_reauthentication_methods(user)
        if find_sign_on(self.request) is None:
            return methods
        words = gettext("Sign in again with your school’s account")
        again = {"id": SINGLE_SIGN_ON, "description": words, "url": reverse("single_sign_on_again")}
        return [*(one for one in methods if one["id"] != "reauthenticate"), again]

    def respond_user_inactive(self, request: HttpRequest, user: User) -> HttpResponse:  # noqa: ARG002
        return HttpResponseRedirect(reverse("account_login"))

    def get_client_ip(self, request: HttpRequest) -> str:
        return get_remote_address(request) or "unknown"

    def add_message(self, *_: object, **__: object) -> None:
        """Do nothing: the pages show the result themselves."""


class SecondFactorStage(AuthenticateStage):  # type: ignore[misc]
    """Require the second factor of users who have enrolled one, unless the provider's counts; not in demonstrations."""

    def _should_handle(self, request: HttpRequest) -> bool:
        if not settings.DEMAND_SECOND_FACTOR or has_provider_factor(request, self.login.user):
            return False
        return bool(super()._should_handle(request))


class MFAAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """MFA adapter that stores secrets encrypted under the keyring."""

    def encrypt(self, text: str) -> str:
        epoch, sealed = keyring().wrap(text.encode(), binding=_BINDING)
        return f"{epoch}.{base64.b64encode(sealed).decode()}"

    def decrypt(self, encrypted_text: str) -> str:
        try:
            return self.opened(encrypted_text)
        except SecretLost:
            log.exception("A second factor cannot be decrypted: its key is missing. Reset it.")
            return create_totp_secret()  # so that no code matches

    def opened(self, sealed_text: str) -> str:
        """Decrypt a secret. Raises SecretLost if it was encrypted elsewhere or its key is missing."""
        epoch, _, sealed = sealed_text.partition(".")
        try:
            return keyring().unwrap(base64.b64decode(sealed), epoch=int(epoch), binding=_BINDING).decode()
        except (ValueError, KeyError, InvalidTag) as error:
            raise SecretLost from error

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        """Return False for the last second factor if one is required; an officer can reset it."""
        if not settings.DEMAND_SECOND_FACTOR:
            return True
        others = Authenticator.objects.filter(user_id=authenticator.user_id).exclude(pk=authenticator.pk)
        return bool(others.exclude(type=Authenticator.Type.RECOVERY_CODES).exists())


def create_totp_secret() -> str:
    """Return a new secret for an authenticator app: 160 random bits in base32 (RFC 4226)."""
    return base64.b32encode(secrets.token_bytes(20)).decode()


def has_second_factor(user: User) -> bool:
    return bool(Authenticator.objects.filter(user=user).exclude(type=Authenticator.Type.RECOVERY_CODES).exists())


def enrol_totp(user: User, secret: str) -> None:
    """Enrol an authenticator app by its secret (base32), for the demonstration, where no QR code is scanned."""
    Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).delete()
    Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={"secret": MFAAdapter().encrypt(secret)})


@transaction.atomic
def reencrypt_second_factors() -> tuple[int, int]:
    """Re-encrypt all secrets under the current wrapping key; return counts of successes and failures."""
    adapter, done, lost = MFAAdapter(), 0, 0
    for one in Authenticator.objects.select_for_update().exclude(type=Authenticator.Type.WEBAUTHN):
        name = "secret" if one.type == Authenticator.Type.TOTP else "seed"
        try:
            one.data[name] = adapter.encrypt(adapter.opened(one.data[name]))
        except SecretLost:
            lost += 1
            continue
        one.save(update_fields=["data"])
        done += 1
    return done, lost
