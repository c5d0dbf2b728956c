"""The steps of a client's set-up: why each is needed, who does it, where, and whether it is done."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from consent.agreements.models import Side
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.onboarding.selectors import ClientFacts

__all__ = ["STEPS", "Link", "Party", "Step", "list_open_steps", "list_steps"]

type Test = Callable[[ClientFacts], bool]


class Party(models.TextChoices):
    """Those who do a step."""

    OFFICER = "officer", _("A privacy officer of PakTaleem")
    TWO_OFFICERS = "two_officers", _("Two privacy officers of PakTaleem")
    ADMIN = "admin", _("An administrator of the client")
    EITHER = "either", _("A privacy officer or an administrator of the client")
    BOTH = "both", _("Both sides, one after the other")


def _always(_facts: ClientFacts) -> bool:
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A page on which a step is done, for readers with the capability.

    ``page`` is the name of its address in the console. ``row`` names whose page it is: the ``client``, the
    ``agreement``, or none (empty). A page to add a row gets the client and ``values`` as initial values; any other one
    shows the client. One whose link ``signs`` is not offered to readers whose side has signed.
    """

    label: Promise
    page: str
    capability: Capability
    row: str = ""
    values: tuple[tuple[str, str], ...] = ()
    signs: bool = False
    applies: Test = _always


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step. One that is ``optional`` does not count for whether the set-up is complete."""

    code: str
    title: Promise
    why: Promise
    party: Party
    is_done: Test
    links: tuple[Link, ...]
    applies: Test = _always
    note: Callable[[ClientFacts], Promise | str] = lambda _facts: ""
    is_optional: bool = False


def list_steps(facts: ClientFacts) -> list[Step]:
    """List the steps of a client, in the order in which they are best done."""
    return [step for step in STEPS if step.applies(facts)]


def list_open_steps(facts: ClientFacts) -> list[Step]:
    """List the steps that are not done and not optional; none if the set-up is complete."""
    return [step for step in list_steps(facts) if not step.is_optional and not step.is_done(facts)]


def _has(*names: str) -> Test:
    return lambda facts: all(facts.has(name) for name in names)


def _has_not(name: str) -> Test:
    return lambda facts: not facts.has(name)


def _note_of_administrator(facts: ClientFacts) -> Promise | str:
    is_waiting = facts.has("administrator_proposed") and not facts.has("administrator")
    return _("The role is proposed: a second officer approves it.") if is_waiting else ""


def _note_of_signing(facts: ClientFacts) -> Promise | str:
    notes: dict[str, Promise] = {
        Side.PAKTALEEM.value: _("PakTaleem has signed. The client signs next."),
        Side.CLIENT.value: _("The client has signed. PakTaleem signs next."),
    }
    if not facts.has("instructed"):
        return _("First add the instructions: they are signed with the agreement.")
    return "" if facts.is_signed else notes.get(facts.signed_by, "")


def _can_be_signed(facts: ClientFacts) -> bool:
    return facts.agreement is not None and not facts.is_signed and facts.has("instructed")


def _is_set_up(facts: ClientFacts) -> bool:
    return facts.has("instructed") and not facts.has("purpose_without_basis")


_ADD_CONTACT = "agreements_clientcontact_add"
_ADD_MECHANISM = "children_childmechanism_add"

STEPS: Sequence[Step] = (
    Step(
        code="facts",
        title=_("Legal facts"),
        why=_(
            "The name and the postal address are printed on receipts. The country, the time zone and the age threshold "
            "decide from when people answer for themselves."
        ),
        party=Party.OFFICER,
        is_done=lambda facts: bool(facts.client.address.strip()),
        links=(
            Link(
                label=_("Complete the client’s facts"),
                page="accounts_client_change",
                capability=Capability.MANAGE_CLIENTS,
                row="client",
            ),
        ),
    ),
    Step(
        code="contacts",
        title=_("Contacts"),
        why=_("People ask the privacy contact about their data; notices of changes go to the contact for notices."),
        party=Party.EITHER,
        is_done=_has("privacy_contact", "notice_contact"),
        links=(
            Link(
                label=_("Name the privacy contact"),
                page=_ADD_CONTACT,
                capability=Capability.MANAGE_REGISTER,
                values=(("kind", "privacy"),),
                applies=_has_not("privacy_contact"),
            ),
            Link(
                label=_("Name the contact for notices"),
                page=_ADD_CONTACT,
                capability=Capability.MANAGE_REGISTER,
                values=(("kind", "notices"),),
                applies=_has_not("notice_contact"),
            ),
        ),
    ),
    Step(
        code="administrators",
        title=_("Administrators"),
        why=_("An administrator signs for the client and does its steps here. Two officers give the role."),
        party=Party.TWO_OFFICERS,
        is_done=_has("administrator"),
        note=_note_of_administrator,
        links=(
            Link(label=_("Invite a person"), page="accounts_user_add", capability=Capability.MANAGE_STAFF),
            Link(
                label=_("Give the role"),
                page="accounts_membership_add",
                capability=Capability.MANAGE_STAFF,
                values=(("role", "client_admin"),),
            ),
        ),
    ),
    Step(
        code="agreement",
        title=_("Service agreement"),
        why=_("Without an agreement in force, nothing is processed for the client. It begins as a draft."),
        party=Party.OFFICER,
        is_done=lambda facts: facts.agreement is not None,
        links=(
            Link(
                label=_("Add the draft"),
                page="consent_serviceagreement_add",
                capability=Capability.MANAGE_AGREEMENTS,
            ),
        ),
    ),
    Step(
        code="purposes",
        title=_("Purposes, lawful bases and instructions"),
        why=_(
            "PakTaleem does for the client only what it is instructed to do, and only on a lawful basis. The starting "
            "set has the purposes of PakTaleem’s privacy policy with what they mean."
        ),
        party=Party.EITHER,
        is_done=_is_set_up,
        note=lambda facts: "" if facts.agreement else _("First add the draft of the agreement."),
        links=(
            Link(
                label=_("Use the starting set"),
                page="accounts_client_starting-set",
                capability=Capability.ANNOUNCE_NOTICES,
                row="client",
                applies=lambda facts: facts.agreement is not None and not facts.has("instructed"),
            ),
            Link(
                label=_("Add the missing lawful basis"),
                page="consent_lawfulbasis_add",
                capability=Capability.MANAGE_REGISTER,
                applies=_has("purpose_without_basis"),
            ),
        ),
    ),
    Step(
        code="children",
        title=_("Ages and guardians"),
        why=_(
            "A client that serves minors says how it verifies ages and how guardians consent. Decisions about children "
            "show it."
        ),
        party=Party.ADMIN,
        is_done=_has("age_mechanism", "consent_mechanism"),
        applies=lambda facts: facts.client.serves_minors,
        links=(
            Link(
                label=_("Declare how ages are verified"),
                page=_ADD_MECHANISM,
                capability=Capability.DECLARE_MECHANISMS,
                values=(("kind", "age"),),
                applies=_has_not("age_mechanism"),
            ),
            Link(
                label=_("Declare how guardians consent"),
                page=_ADD_MECHANISM,
                capability=Capability.DECLARE_MECHANISMS,
                values=(("kind", "consent"),),
                applies=_has_not("consent_mechanism"),
            ),
        ),
    ),
    Step(
        code="notices",
        title=_("Notices"),
        why=_(
            "PakTaleem’s privacy notice applies to every client. A purpose of the client’s own that needs consent also "
            "needs a notice in English and Urdu: without it, consent cannot be given."
        ),
        party=Party.EITHER,
        is_done=lambda facts: not facts.has("purpose_without_notice"),
        links=(
            Link(label=_("Write the missing notice"), page="consent_notice_add", capability=Capability.MANAGE_REGISTER),
        ),
    ),
    Step(
        code="retention",
        title=_("Retention"),
        why=_(
            "PakTaleem’s periods apply unless the client sets its own. A purpose of the client’s own needs a period "
            "for each kind of data: without it, the data is kept without end."
        ),
        party=Party.EITHER,
        is_done=lambda facts: not facts.has_gaps,
        links=(
            Link(
                label=_("Show what has no period"),
                page="schedule_retentionrule_schedule",
                capability=Capability.VIEW_REGISTER,
            ),
            Link(
                label=_("Add the missing rule"),
                page="schedule_retentionrule_add",
                capability=Capability.MANAGE_RETENTION,
            ),
        ),
    ),
    Step(
        code="signatures",
        title=_("Signatures"),
        why=_(
            "The agreement takes effect, with its instructions, once both sides have signed the same text. For 72 "
            "hours, officers who gave an administrator the role do not sign with this administrator: another officer "
            "does, or the client signs on paper."
        ),
        party=Party.BOTH,
        is_done=lambda facts: facts.is_signed,
        note=_note_of_signing,
        links=(
            Link(
                label=_("Read and sign"),
                page="consent_serviceagreement_change",
                capability=Capability.SIGN_AGREEMENTS,
                row="agreement",
                signs=True,
                applies=_can_be_signed,
            ),
        ),
    ),
    Step(
        code="key",
        title=_("API key"),
        why=_("The learning platform registers people and asks for decisions with it. It is shown once."),
        party=Party.EITHER,
        is_done=_has("key"),
        links=(Link(label=_("Issue a key"), page="accounts_apikey_add", capability=Capability.MANAGE_API_KEYS),),
    ),
    Step(
        code="people",
        title=_("People"),
        why=_("The learning platform registers people by the API, or a roster brings them. One person is enough here."),
        party=Party.EITHER,
        is_done=_has("person"),
        links=(
            Link(
                label=_("Upload a roster"),
                page="subjects_rosterimport_add",
                capability=Capability.REGISTER_SUBJECTS,
            ),
        ),
    ),
    Step(
        code="webhook",
        title=_("Webhook"),
        why=_("With a webhook the learning platform hears of changes at once. Without one it asks for them."),
        party=Party.EITHER,
        is_done=_has("webhook"),
        is_optional=True,
        links=(Link(label=_("Add a webhook"), page="webhooks_endpoint_add", capability=Capability.MANAGE_WEBHOOKS),),
    ),
    Step(
        code="decision",
        title=_("First decision"),
        why=_(
            "Ask for one person and one purpose whether data may be processed: the answer shows what is still missing."
        ),
        party=Party.EITHER,
        is_done=_has("decision"),
        links=(
            Link(
                label=_("Try a decision"),
                page="accounts_client_try-decision",
                capability=Capability.REQUEST_DECISIONS,
                row="client",
            ),
        ),
    ),
)
