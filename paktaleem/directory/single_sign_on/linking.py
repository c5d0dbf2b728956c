"""Which member of staff a person at a provider is: by the linked account, at first by the verified address."""

from datetime import datetime

from django.db import transaction

from paktaleem.directory.single_sign_on.claims import Identity, SignOnRefused, is_of_domains
from paktaleem.directory.single_sign_on.models import Provider, SignOnLink
from paktaleem.foundation.accounts.models import Membership, User
from paktaleem.foundation.accounts.staff_accounts import is_officer
from paktaleem.foundation.audit.actors import OWN_ACCOUNT, By, ByKind
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.tenancy.locks import advisory_lock


@transaction.atomic
def find_or_link_user(provider: Provider, identity: Identity, *, at: datetime) -> User:
    """Return the member of the client's staff that a person at its provider is; in the client's context.

    The linked account decides; an address counts only if no account is linked yet. ``at`` is on the system clock.
    Raises SignOnRefused for someone without a membership of this client in effect, or with a role at PakTaleem.
    """
    accounts = SignOnLink.objects.filter(client_id=provider.client_id, issuer=provider.issuer, ended_at=None)
    own = accounts.filter(subject=identity.subject).select_related("user")
    link = own.first()
    if link is None:
        advisory_lock(f"single-sign-on/{provider.client_id}")
        link = own.first()
    if link is not None:
        _require_member(link.user, provider, at=at)
        return link.user
    if not is_of_domains(identity.email, provider.domains):
        raise SignOnRefused("address_not_verified")
    user = User.objects.filter(email__iexact=identity.email).first()
    if user is None:
        raise SignOnRefused("not_a_member")
    _require_member(user, provider, at=at)
    if accounts.filter(user=user).exists():
        raise SignOnRefused("linked_to_another_account")
    _link(user, provider, identity, at=at)
    return user


def _require_member(user: User, provider: Provider, *, at: datetime) -> None:
    own = Membership.objects.active(at).filter(client_id=provider.client_id, user=user)
    if not user.is_active or not own.exists() or is_officer(user.pk, at=at):
        raise SignOnRefused("not_a_member")


def _link(user: User, provider: Provider, identity: Identity, *, at: datetime) -> None:
    SignOnLink.objects.create(
        client_id=provider.client_id, user=user, issuer=provider.issuer, subject=identity.subject, linked_at=at
    )
    actor = By(ByKind.USER, user.pk, OWN_ACCOUNT)
    facts = {"user": str(user.pk), "provider": str(provider.pk)}
    record_entry("single_sign_on.linked", client_id=provider.client_id, facts=facts, actor=actor, at=at)
