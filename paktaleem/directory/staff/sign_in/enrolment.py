"""Services to enrol and re-encrypt second factors; ``accounts.staff_services`` resets them."""

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.db import transaction

from paktaleem.directory.staff.sign_in.adapters import MFAAdapter, SecretLost
from paktaleem.foundation.accounts.models import User


def create_totp_secret() -> str:
    """Return a new secret for an authenticator app: 160 random bits in base32 (RFC 4226)."""
    return str(generate_totp_secret())


def has_second_factor(user: User) -> bool:
    """Return True if the user has an authenticator app or a security key."""
    return bool(Authenticator.objects.filter(user=user).exclude(type=Authenticator.Type.RECOVERY_CODES).exists())


def enrol_totp(user: User, secret: str) -> None:
    """Enrol an authenticator app by its secret (base32), replacing an earlier one.

    For the demonstration, where no QR code is scanned.
    """
    Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).delete()
    TOTP.activate(user, secret)


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
