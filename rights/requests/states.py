"""States of a rights request, and how its state follows from what is recorded about it."""

from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class State(TextChoices):
    """State of a request (the state machine of ``peers.md``)."""

    TRIAGE = "triage", _("To be assigned to a person")
    IDENTITY_PENDING = "identity_pending", _("Identity not verified yet")
    WITH_CLIENT = "with_client", _("The client decides")
    IN_REVIEW = "in_review", _("PakTaleem decides")
    APPROVED = "approved", _("Granted, to be answered")
    PARTLY_APPROVED = "partly_approved", _("Partly granted, to be answered")
    REFUSED = "refused", _("Refused, to be answered")
    EXECUTING = "executing", _("Being carried out")
    """Decided; systems have open orders."""
    RESPONDED = "responded", _("Answered, to be closed")
    CLOSED = "closed", _("Closed")
    WITHDRAWN = "withdrawn", _("Withdrawn by the person")
    DUPLICATE = "duplicate", _("Continued in another request")
    """The other one has the earliest clock."""
    HANDED_OVER = "handed_over", _("Handed over to a client")
    """Continued there, with the same number and clock."""


CLOSED = frozenset({State.CLOSED, State.WITHDRAWN, State.DUPLICATE, State.HANDED_OVER})
"""States in which nothing more happens."""


class Decider(TextChoices):
    CLIENT = "client", _("The client")
    PAKTALEEM = "paktaleem", _("PakTaleem")


class Decision(TextChoices):
    GRANTED = "granted", _("Granted")
    PARTLY = "partly", _("Partly granted")
    REFUSED = "refused", _("Refused")


class RefusalCode(TextChoices):
    IDENTITY_NOT_VERIFIED = "identity_not_verified", _("The identity could not be verified")
    NO_MATCH = "no_match", _("No data about this person was found")
    MANIFESTLY_UNFOUNDED = "manifestly_unfounded", _("The request is manifestly unfounded")
    EXCESSIVE = "excessive", _("The request is excessive")
    LEGAL_OBLIGATION = "legal_obligation", _("A law requires the data to be kept")
    THIRD_PARTY_RIGHTS = "third_party_rights", _("The rights of other persons would be impaired")
    NOT_OUR_CONTROLLER = "not_our_controller", _("Another controller decides about this data")
    OUTSIDE_SCOPE = "outside_scope", _("The right does not apply to this processing")


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestFacts:
    """The recorded facts about a request; ``needs_identity`` is False if nothing depends on who the person is."""

    decisions: Collection[str]
    awaits_client: bool
    is_person_known: bool
    is_identity_verified: bool
    needs_identity: bool = True
    has_open_orders: bool = False
    is_answered: bool = False
    ended_as: State | None = None


def derive_state(facts: RequestFacts) -> State:
    """Return the state of a request. Raises ValueError if ``ended_as`` is no final state."""
    if facts.ended_as is not None:
        if facts.ended_as not in CLOSED:
            raise ValueError(f"{facts.ended_as} is not a final state.")
        return facts.ended_as
    if facts.is_answered:
        return State.RESPONDED
    return _state_before_decision(facts) if "" in facts.decisions else _state_after_decision(facts)


def _state_before_decision(facts: RequestFacts) -> State:
    if facts.needs_identity and not facts.is_identity_verified:
        return State.IDENTITY_PENDING if facts.is_person_known else State.TRIAGE
    return State.WITH_CLIENT if facts.awaits_client else State.IN_REVIEW


def _state_after_decision(facts: RequestFacts) -> State:
    if facts.has_open_orders:
        return State.EXECUTING
    decisions = set(facts.decisions)
    if decisions == {Decision.REFUSED}:
        return State.REFUSED
    return State.APPROVED if decisions == {Decision.GRANTED} else State.PARTLY_APPROVED
