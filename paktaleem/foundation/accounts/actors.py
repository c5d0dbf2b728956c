"""Actors: identity, role and client of everyone who calls services and selectors."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import ClassVar, TypedDict
from uuid import UUID, uuid5

from paktaleem.foundation.accounts.roles import (
    KEY_SCOPES,
    LIMITED_CAPABILITIES,
    OFFICER_ROLES,
    SANDBOX_CAPABILITIES,
    Capability,
    Role,
    capabilities_of,
)
from paktaleem.foundation.audit.actors import By, ByKind, Reason
from paktaleem.foundation.errors import PortalError, Problem
from paktaleem.foundation.tenancy.rows import PAKTALEEM


class NotAllowed(PortalError, PermissionError):
    """The actor lacks the capability, or acts for another client."""

    problem: ClassVar[Problem] = Problem("not-allowed", "Not allowed", status=HTTPStatus.FORBIDDEN)
    console_message = "Your role does not allow this."


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor(By):
    """An actor with capabilities; ``client_id`` is None for PakTaleem's officers, who act for every client.

    ``schools`` are the ids of the schools to which the membership is limited, None for no limit. ``acts_for`` is set
    for a data subject or guardian on their own pages: the person they act for.
    """

    client_id: UUID | None
    acts_for: UUID | None = None
    schools: frozenset[UUID] | None = None
    capabilities: frozenset[Capability] = field(repr=False)

    @property
    def school_ids(self) -> list[UUID] | None:
        """The schools as rows store them (``school_ids``), None for no limit."""
        return None if self.schools is None else sorted(self.schools)

    def may(self, capability: Capability, client_id: UUID | None = None) -> bool:
        if capability not in self.capabilities:
            return False
        return client_id is None or self.client_id is None or self.client_id == client_id


class Authorship(TypedDict):
    actor: Actor
    at: datetime


class ReasonedAuthorship(Authorship):
    reason: Reason | str


def require(actor: Actor, capability: Capability, client_id: UUID | None = None) -> None:
    """Raise NotAllowed unless the actor has the capability, for this client if one is given."""
    if not actor.may(capability, client_id):
        raise NotAllowed(f"{actor.role} may not {capability.replace('_', ' ')} here.")


def require_about(actor: Actor, capability: Capability, *, subject_id: UUID, client_id: UUID) -> None:
    """Raise NotAllowed unless the actor has the capability at this client or acts for this person."""
    is_own = actor.acts_for == subject_id and actor.may(Capability.MANAGE_OWN_CHOICES, client_id)
    if not is_own:
        require(actor, capability, client_id)


def user_actor(user_id: UUID, role: Role | str, client_id: UUID, *, schools: Iterable[UUID] | None = None) -> Actor:
    """Return the actor of a user under a membership, with fewer capabilities if it is limited to schools."""
    role = Role(role)
    everywhere = role in OFFICER_ROLES and client_id == PAKTALEEM
    return Actor(
        kind=ByKind.USER,
        id=user_id,
        role=role.value,
        client_id=None if everywhere else client_id,
        schools=None if schools is None else frozenset(schools),
        capabilities=capabilities_of(role) if schools is None else capabilities_of(role) & LIMITED_CAPABILITIES,
    )


def key_actor(key_id: UUID, client_id: UUID, scopes: Iterable[str]) -> Actor:
    """Return the actor of an API key: the capabilities of its scopes that API keys may have."""
    wanted = frozenset().union(*(KEY_SCOPES.get(scope, frozenset()) for scope in scopes))
    capabilities = wanted & capabilities_of(Role.API_KEY)
    return Actor(
        kind=ByKind.API_KEY, id=key_id, role=Role.API_KEY.value, client_id=client_id, capabilities=capabilities
    )


def system_actor(task: str) -> Actor:
    """Return the actor of a command or background task, identified by its name."""
    return Actor(
        kind=ByKind.SYSTEM,
        id=uuid5(PAKTALEEM, task),
        role=Role.SYSTEM.value,
        client_id=None,
        capabilities=capabilities_of(Role.SYSTEM),
    )


def sandbox_actor(client_id: UUID) -> Actor:
    """Return the actor that forces states in a sandbox; it may act in that client only."""
    return Actor(
        kind=ByKind.SYSTEM,
        id=uuid5(PAKTALEEM, "sandbox"),
        role="sandbox",
        client_id=client_id,
        capabilities=SANDBOX_CAPABILITIES,
    )


def person_actor(person_id: UUID, client_id: UUID, *, acts_for: UUID) -> Actor:
    """Return the actor of a person who used an access link or one-time code, acting for ``acts_for``."""
    return Actor(
        kind=ByKind.SUBJECT,
        id=person_id,
        role=Role.DATA_SUBJECT.value,
        client_id=client_id,
        acts_for=acts_for,
        capabilities=capabilities_of(Role.DATA_SUBJECT),
    )
