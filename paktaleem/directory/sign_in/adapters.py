"""How django-allauth is fitted to the portal: no sign-up, secrets sealed, the second factor demanded by setting."""

import base64
import logging
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.stages import AuthenticateStage
from allauth.mfa.totp.internal.auth import generate_totp_secret
from cryptography.exceptions import InvalidTag
from django.conf import settings
from django.contrib.auth import authenticate
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from paktaleem.foundation.accounts.addresses import client_address
from paktaleem.foundation.accounts.models import User
from paktaleem.foundation.accounts.proofs import has_fresh_proof
from paktaleem.foundation.clock import real_now
from paktaleem.foundation.encryption.keyring import keyring

__all__ = ["AccountAdapter", "MFAAdapter", "SecondFactorStage", "SecretLost"]

log = logging.getLogger(__name__)
_BINDING = b"second-factor"


class SecretLost(Exception):
    """The secret of a second factor cannot be opened."""


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Accounts are made by officers; who signs in by password goes on to the second factor."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002
        """Nobody signs up: an officer invites."""
        return False

    def get_login_stages(self) -> list[str]:
        """Ask for the second factor, and for nothing else."""
        return ["paktaleem.directory.sign_in.adapters.SecondFactorStage"]

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Leave counting failures to axes, which locks nobody out from elsewhere."""

    def reauthenticate(self, user: User, password: str) -> bool:
        """Check the password again, counted like a sign-in."""
        found = authenticate(self.request, email=user.email, password=password)
        return found is not None and found.pk == user.pk

    def is_reauthentication_required(self, *, app: str, **_: Any) -> bool:
        """Ask for a proof unless there is a fresh one: one who has just signed in has given it."""
        del app
        return not has_fresh_proof(self.request, at=real_now())

    def respond_user_inactive(self, request: HttpRequest, user: User) -> HttpResponse:  # noqa: ARG002
        """Show the sign-in page, as to anyone who may not enter."""
        return HttpResponseRedirect(reverse("account_login"))

    def get_client_ip(self, request: HttpRequest) -> str:
        """Return the address as far as it can be believed."""
        return client_address(request) or "unknown"

    def add_message(self, *_: Any, **__: Any) -> None:
        """Say nothing beside the page: the pages say what has happened."""


class SecondFactorStage(AuthenticateStage):  # type: ignore[misc]
    """Asks who has enrolled a second factor for it; the demonstration alone does not."""

    def _should_handle(self, request: HttpRequest) -> bool:
        return bool(settings.DEMAND_SECOND_FACTOR and super()._should_handle(request))


class MFAAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Secrets of authenticators lie in the database as ciphertext under the keyring."""

    def encrypt(self, text: str) -> str:
        """Seal a secret: ``epoch.ciphertext``."""
        epoch, sealed = keyring().wrap(text.encode(), binding=_BINDING)
        return f"{epoch}.{base64.b64encode(sealed).decode()}"

    def decrypt(self, encrypted_text: str) -> str:
        """Unseal a secret; in place of one that cannot be, give one that nobody has, so that no code fits."""
        try:
            return self.opened(encrypted_text)
        except SecretLost:
            log.exception("A second factor cannot be read: its key is gone. Reset it.")
            return str(generate_totp_secret())

    def opened(self, sealed_text: str) -> str:
        """Unseal a secret. Raises SecretLost when it was sealed elsewhere, or its key is gone."""
        epoch, _, sealed = sealed_text.partition(".")
        try:
            return keyring().unwrap(base64.b64decode(sealed), epoch=int(epoch), binding=_BINDING).decode()
        except (ValueError, KeyError, InvalidTag) as error:
            raise SecretLost from error

    def get_totp_issuer(self) -> str:
        """Name the portal in the authenticator app."""
        return "PakTaleem privacy"

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        """Keep the last factor where one is demanded: whoever lost it asks an officer to reset it."""
        if not settings.DEMAND_SECOND_FACTOR:
            return True
        others = Authenticator.objects.filter(user_id=authenticator.user_id).exclude(pk=authenticator.pk)
        return bool(others.exclude(type=Authenticator.Type.RECOVERY_CODES).exists())
