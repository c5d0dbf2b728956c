"""Conditions of the steps of a client's set-up: what is so for a client, who may do an act now, and notes on it."""

from collections.abc import Callable

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from consent.agreements.models import Side
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.office.onboarding.selectors import ClientFacts

type Test = Callable[[ClientFacts], bool]
type Offer = Callable[[ClientFacts, Actor], bool]


def has(*names: str) -> Test:
    """Return the condition that all these facts are so."""
    return lambda facts: all(facts.has(name) for name in names)


def has_not(name: str) -> Test:
    """Return the condition that a fact is not so."""
    return lambda facts: not facts.has(name)


def waits_for_approval(facts: ClientFacts) -> bool:
    """Return True if the role of the first administrator is proposed and not approved yet."""
    return facts.proposal is not None and not facts.has("administrator")


def note_of_administrator(facts: ClientFacts) -> Promise | str:
    """Return who acts next on a proposed role."""
    return _("The role is proposed: a second officer approves it.") if waits_for_approval(facts) else ""


def note_of_signing(facts: ClientFacts) -> Promise | str:
    """Return which side acts next."""
    notes: dict[str, Promise] = {
        Side.PAKTALEEM.value: _("PakTaleem has signed. The client signs next."),
        Side.CLIENT.value: _("The client has signed. PakTaleem signs next."),
    }
    if not facts.has("instructed"):
        return _("First add the instructions: they are signed with the agreement.")
    return "" if facts.is_signed else notes.get(facts.signed_by, "")


def can_be_signed(facts: ClientFacts) -> bool:
    """Return True if there is a draft with instructions."""
    return facts.agreement is not None and not facts.is_signed and facts.has("instructed")


def may_sign(facts: ClientFacts, viewer: Actor) -> bool:
    """Return True unless the reader's side has signed, or the reader recorded the other side's signature."""
    own_side = Side.PAKTALEEM if viewer.client_id is None else Side.CLIENT
    return facts.signed_by != own_side and facts.signer != viewer.id


def can_be_signed_on_paper(facts: ClientFacts) -> bool:
    """Return True if the signature of the client is still missing."""
    return can_be_signed(facts) and facts.signed_by != Side.CLIENT


def is_set_up(facts: ClientFacts) -> bool:
    """Return True if there are instructions, and each own purpose has a lawful basis."""
    return facts.has("instructed") and not facts.has("purpose_without_basis")


def may_approve(facts: ClientFacts, viewer: Actor) -> bool:
    """Return True unless the reader proposed the administrator's role, or has signed and could not sign with them."""
    return viewer.id not in {facts.proposer, facts.signer}
