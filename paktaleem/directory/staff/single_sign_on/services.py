"""Acts on single sign-on: propose, approve, require and end a provider; let passwords in again; unlink an account.

The person who sets a provider can sign in as any member of the client's staff. It therefore takes two people, and
the second is a privacy officer, who has checked that the domains are the institution's (decision 0103).
"""

import re
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Annotated, NamedTuple
from uuid import UUID

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.http import HttpRequest
from django.utils.translation import gettext, gettext_lazy, gettext_noop

from paktaleem.directory.staff.single_sign_on.exchange import SECRETS, Identity, SignOnRefused, open_secret
from paktaleem.directory.staff.single_sign_on.models import MOST_DOMAINS, Provider, ProviderSecret, SignOnLink
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.acts import act, lock_row, refuse_if
from paktaleem.foundation.accounts.leaving import LastWayIn, WaysIn, end_sessions, keep_a_way_in
from paktaleem.foundation.accounts.models import Membership, User
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.second_person import ChangeState, decide_change, request_change
from paktaleem.foundation.accounts.selectors import MembershipChoice
from paktaleem.foundation.accounts.sessions import find_sign_on
from paktaleem.foundation.accounts.staff_accounts import has_capability, is_officer
from paktaleem.foundation.accounts.staff_services import ProposerMayNotAnyMore
from paktaleem.foundation.accounts.staff_ties import TieKind, add_ties
from paktaleem.foundation.audit.actors import OWN_ACCOUNT, By, ByKind, Reason
from paktaleem.foundation.audit.history import save_tracked
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.tenancy.context import advisory_lock, read_in_one_statement
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from paktaleem.foundation.web.http_client.destinations import DestinationRefused, parse_destination

_RULES = "SELECT client_id, provider_id, is_required FROM staff_sign_on_providers(%s::uuid[])"


class Institution(NamedTuple):
    """A client with single sign-on."""

    code: str
    name: str


def list_institutions(domain: str) -> list[Institution]:
    """List the clients whose single sign-on is for this email domain; outside any context."""
    rows = read_in_one_statement("SELECT code, name FROM staff_sign_on_by_domain(%s)", [domain.lower()])
    return [Institution(*row) for row in rows]


def find_provider(client_id: UUID) -> Provider | None:
    """Return the provider in force at a client, or None; in its context."""
    rows = Provider.objects.filter(client_id=client_id, state=ChangeState.APPROVED, ended_at=None)
    provider: Provider | None = rows.first()
    return provider


def narrow_to_sign_on(request: HttpRequest, choices: Sequence[MembershipChoice]) -> Sequence[MembershipChoice]:
    """Return the memberships that the session's way of signing in gives access to.

    After a single sign-on: at the client whose provider, still in force, vouched. After a password: at clients that do
    not require single sign-on.
    """
    at_clients = [choice.client_id for choice in choices if choice.client_id != PAKTALEEM]
    sign_on = find_sign_on(request)
    if sign_on is None and not at_clients:
        return choices
    rules = {client_id: rule for client_id, *rule in read_in_one_statement(_RULES, [at_clients])}
    if sign_on is None:
        required = {client_id for client_id, (_provider, is_required) in rules.items() if is_required}
        return [choice for choice in choices if choice.client_id not in required]
    provider_id, _is_required = rules.get(sign_on.client_id, (None, False))
    if provider_id != sign_on.provider_id:
        return []
    return [choice for choice in choices if choice.client_id == sign_on.client_id]


def needs_single_sign_on(user_id: UUID, at: datetime) -> bool:
    """Return True if every client of a member of staff requires single sign-on."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT staff_sign_on_only(%s, %s)", [user_id, at])
        return bool(cursor.fetchone()[0])


def find_ways_in(client_id: UUID, user_ids: Collection[UUID], at: datetime) -> WaysIn:
    """Return whether passwords count at a client, and whose linked account its provider signs in; officers' never."""
    provider = find_provider(client_id)
    if provider is None:
        return WaysIn()
    links = SignOnLink.objects.filter(
        client_id=client_id, issuer=provider.issuer, ended_at=None, user_id__in=list(user_ids)
    )
    linked = links.order_by("user_id").values_list("user_id", flat=True)
    return WaysIn(provider.required_at is None, frozenset(user for user in linked if not is_officer(user, at=at)))


_DOMAIN = re.compile(r"(?=.{1,253}\Z)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]", re.ASCII)
_NO_DOMAIN = gettext_noop("“{domain}” is not a domain. Use a name such as school.example, without “@”.")
_COUNT = gettext_noop("Name 1 to {most} domains, one in each line.")
_SECRET = gettext_noop("Enter the secret: only a provider with the same address and client ID keeps the present one.")
_QUERY = gettext_noop("Leave out everything after the path.")


@transaction.atomic
def propose_provider(provider: Provider, secret: str, *, actor: Actor, reason: Reason | str, at: datetime) -> Provider:
    """Propose a provider; it has no effect until an officer approves it (decision 0103). ``at`` is on the system clock.

    An empty secret keeps the present one. Raises ValidationError, GroundNeeded, NotAllowed.
    """
    client_id = provider.client_id
    require(actor, Capability.MANAGE_COLLEAGUES, client_id)
    advisory_lock(f"single-sign-on/{client_id}")
    if Provider.objects.filter(client_id=client_id, state=ChangeState.WAITING).exists():
        raise ValidationError(gettext("A proposal waits for an officer already. Decline it first."))
    issuer = provider.issuer.strip()
    if "?" in issuer:
        raise ValidationError({"issuer": [gettext(_QUERY)]})
    try:
        parse_destination(issuer, allowed=settings.SIGN_ON_ALLOWED)
    except DestinationRefused as error:
        raise ValidationError({"issuer": [gettext(str(error))]}) from error
    provider.issuer = issuer
    provider.application_id = provider.application_id.strip()
    provider.domains = _check_domains(provider.domains)
    request_change(provider, ground=provider.ground, actor=actor, at=at)
    provider.full_clean()
    secret = secret.strip() or _find_present_secret(provider)
    save_tracked(provider, actor=actor, reason=reason, at=at)
    SECRETS.add(client_id, provider.pk, secret)
    _record("single_sign_on.proposed", provider, actor, at)
    return provider


@transaction.atomic
def decide_provider(provider: Provider, *, approve: bool, actor: Actor, reason: Reason | str, at: datetime) -> Provider:
    """Approve a proposed provider, which replaces the present one and ends its sessions, or decline it (decision 0103).

    Single sign-on stays required if it is. ``at`` is on the system clock. Raises ApproverIsRequester,
    ApproverNotIndependent, ChangeAlreadyDecided, ProposerMayNotAnyMore, LastWayIn, NotAllowed.
    """
    require(actor, Capability.MANAGE_STAFF, provider.client_id)
    advisory_lock(f"single-sign-on/{provider.client_id}")
    changed = decide_change(provider, approve=approve, actor=actor, at=at, wall_clock_at=at)
    if approve and not has_capability(changed.requested_by, Capability.MANAGE_COLLEAGUES, provider.client_id, at=at):
        raise ProposerMayNotAnyMore
    with keep_a_way_in(provider.client_id, at=at):
        if approve and (present := find_provider(provider.client_id)) is not None:
            changed.required_at = present.required_at
            _end(present, actor, reason, at)
        save_tracked(changed, actor=actor, reason=reason, at=at)
    _record("single_sign_on.settled", changed, actor, at)
    return changed


def _lock(provider: Provider) -> Provider:
    advisory_lock(f"single-sign-on/{provider.client_id}")
    locked: Provider = lock_row(provider)
    return locked


_require_in_force = refuse_if(lambda row: not row.is_in_force, gettext_lazy("This single sign-on is not in force."))


@act(
    "end",
    "End single sign-on",
    Capability.MANAGE_COLLEAGUES,
    lead="Sessions that began with this provider are over, and members of staff sign in with a password. Someone who "
    "has none asks for a link on the sign-in page.",
    done="Single sign-on has ended.",
    danger=True,
    wall_clock=True,
    lock=_lock,
    check=_require_in_force,
)
def end_provider(provider: Provider, *, actor: Actor, reason: Reason | str, at: datetime) -> Provider:
    """End a provider: its sessions are over at once, and passwords sign in. Raises LastWayIn, Refused, NotAllowed."""
    with keep_a_way_in(provider.client_id, at=at):
        _end(provider, actor, reason, at)
    return provider


_ACCESS_FIELD = forms.TypedChoiceField(
    label=gettext_lazy("Who gets in"),
    choices=[
        ("required", gettext_lazy("Only who signs in with the school’s account")),
        ("open", gettext_lazy("Also who signs in with password and second factor")),
    ],
    coerce=lambda choice: choice == "required",
    widget=forms.RadioSelect,
)


@act(
    "passwords",
    "Change access by password",
    Capability.MANAGE_COLLEAGUES,
    lead="If only single sign-on gives access, passwords end in open sessions too. While the provider is down, an "
    "administrator who is signed in, or a privacy officer, can let passwords in again.",
    done="Access is changed.",
    danger=True,
    wall_clock=True,
    lock=_lock,
    check=_require_in_force,
)
def change_access(
    provider: Provider,
    *,
    is_required: Annotated[bool, _ACCESS_FIELD],
    actor: Actor,
    reason: Reason | str,
    at: datetime,
) -> Provider:
    """Require single sign-on, or let passwords in again: for a provider that is down (decision 0103). Idempotent.

    Raises ValidationError before an administrator of the whole client has signed in with it, Refused, NotAllowed.
    """
    if (provider.required_at is not None) == is_required:
        return provider
    provider.required_at = at if is_required else None
    try:
        with keep_a_way_in(provider.client_id, at=at, even_if_none=is_required):
            save_tracked(provider, actor=actor, reason=reason, at=at)
    except LastWayIn as refusal:
        words = gettext(
            "No administrator has signed in with this provider yet. Sign in with it first, so that a mistake in the "
            "configuration locks no one out."
        )
        raise ValidationError(words) from refusal
    _record("single_sign_on.required" if is_required else "single_sign_on.passwords_allowed", provider, actor, at)
    return provider


def _lock_link(link: SignOnLink) -> SignOnLink:
    User.objects.select_for_update().get(pk=link.user_id)
    locked: SignOnLink = lock_row(link)
    return locked


@act(
    "unlink",
    "Unlink",
    Capability.MANAGE_COLLEAGUES,
    lead="Sessions of this person end. At their next single sign-on they are found by their verified address again: "
    "for a person who has a new account at the provider.",
    done="The account is not linked any more.",
    danger=True,
    wall_clock=True,
    lock=_lock_link,
    check=refuse_if(lambda row: row.ended_at is not None, gettext_lazy("This account is not linked any more.")),
)
def unlink_account(link: SignOnLink, *, actor: Actor, reason: Reason | str, at: datetime) -> SignOnLink:
    """End the link of an account at the provider to a member of staff, whose sessions end.

    Who did it is tied to them for 72 hours (decision 0054). Raises Refused, LastWayIn, NotAllowed.
    """
    with keep_a_way_in(link.client_id, at=at):
        link.ended_at = at
        link.save(update_fields=["ended_at"])
    end_sessions([link.user_id], at=at)
    add_ties(link.user_id, TieKind.FACTOR, makers=[actor.id], at=at)
    facts = {"user": str(link.user_id), "reason": str(reason)}
    record_entry("single_sign_on.unlinked", client_id=link.client_id, facts=facts, actor=actor, at=at)
    return link


def _end(provider: Provider, actor: Actor, reason: Reason | str, at: datetime) -> None:
    """End a locked provider; ``rules.narrow_to_sign_on`` ends the access of its sessions with their next request."""
    provider.ended_at, provider.required_at = at, None
    save_tracked(provider, actor=actor, reason=reason, at=at)
    _record("single_sign_on.ended", provider, actor, at)


def _check_domains(domains: Iterable[str]) -> list[str]:
    found = sorted({domain.strip().lower() for domain in domains if domain.strip()})
    if not 1 <= len(found) <= MOST_DOMAINS:
        raise ValidationError({"domains": [gettext(_COUNT).format(most=MOST_DOMAINS)]})
    for domain in found:
        if not _DOMAIN.fullmatch(domain):
            raise ValidationError({"domains": [gettext(_NO_DOMAIN).format(domain=domain)]})
    return found


def _find_present_secret(wanted: Provider) -> str:
    present = find_provider(wanted.client_id)
    is_same = present is not None and (present.issuer, present.application_id) == (wanted.issuer, wanted.application_id)
    if present is None or not is_same or not ProviderSecret.objects.filter(provider=present).exists():
        raise ValidationError({"secret": [gettext(_SECRET)]})
    return open_secret(present)


def _record(kind: str, provider: Provider, actor: Actor, at: datetime) -> None:
    facts: dict[str, object] = {
        "provider": str(provider.pk),
        "issuer": provider.issuer,
        "domains": provider.domains,
        "honours_second_factor": provider.honours_second_factor,
        "state": str(provider.state),
    }
    record_entry(kind, client_id=provider.client_id, facts=facts, actor=actor, at=at)


@transaction.atomic
def find_or_link_user(provider: Provider, identity: Identity, *, at: datetime) -> User:
    """Return the member of the client's staff, never of PakTaleem's, that a person at its provider is; in its context.

    An address counts only if no account is linked yet. ``at`` is on the system clock. Raises SignOnRefused.
    """
    advisory_lock(f"single-sign-on/{provider.client_id}")
    accounts = SignOnLink.objects.filter(client_id=provider.client_id, issuer=provider.issuer, ended_at=None)
    link = accounts.filter(subject=identity.subject).select_related("user").first()
    if link is None and identity.email.rpartition("@")[2].lower() not in provider.domains:
        raise SignOnRefused("address_not_verified")
    user = link.user if link else User.objects.filter(email__iexact=identity.email).first()
    members = Membership.objects.active(at).filter(client_id=provider.client_id, user=user)
    if user is None or not user.is_active or not members.exists() or is_officer(user.pk, at=at):
        raise SignOnRefused("not_a_member")
    if link is None:
        if accounts.filter(user=user).exists():
            raise SignOnRefused("linked_to_another_account")
        accounts.create(
            client_id=provider.client_id, user=user, issuer=provider.issuer, subject=identity.subject, linked_at=at
        )
        facts = {"user": str(user.pk), "provider": str(provider.pk)}
        actor = By(ByKind.USER, user.pk, OWN_ACCOUNT)
        record_entry("single_sign_on.linked", client_id=provider.client_id, facts=facts, actor=actor, at=at)
    return user
