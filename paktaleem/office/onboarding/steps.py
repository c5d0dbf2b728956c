"""The steps of a client's set-up: why each is needed, who does it, where, and whether it is done."""

# Steps are derived from the tables of other apps: a stored tick would become untrue when its fact ends.

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.roles import Capability, Role
from paktaleem.office.onboarding import conditions
from paktaleem.office.onboarding.conditions import Offer, Test
from paktaleem.office.onboarding.selectors import ClientFacts
from paktaleem.office.onboarding.starting_set import STARTING_MECHANISMS


class Party(models.TextChoices):
    """Those who do a step."""

    OFFICER = "officer", _("A privacy officer of PakTaleem")
    TWO_OFFICERS = "two_officers", _("Two privacy officers of PakTaleem")
    ADMIN = "admin", _("An administrator of the client")
    EITHER = "either", _("A privacy officer or an administrator of the client")
    BOTH = "both", _("Both sides, one after the other")


def _always(_facts: ClientFacts) -> bool:
    return True


def _to_everyone(_facts: ClientFacts, _viewer: Actor) -> bool:
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A page on which a step is done, for readers with the capability.

    ``page`` is the name of its address in the console. ``row`` names whose page it is: the ``client``, the
    ``agreement``, the ``proposal`` of a role, or none (empty). A page to add a row gets the client and ``values`` as
    initial values; any other one shows the client. ``offered_to`` says which readers with the capability may do the act
    now.
    """

    label: Promise
    page: str
    capability: Capability
    row: str = ""
    values: tuple[tuple[str, str], ...] = ()
    offered_to: Offer = _to_everyone
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


SIGNING_PAGE = "consent_serviceagreement_change"
"""The page on which an agreement is read and signed."""
_ADD_CONTACT = "agreements_clientcontact_add"
_ADD_MECHANISM = "children_childmechanism_add"
_SCOPES = ("subjects:read", "subjects:write", "register:read", "consents:read", "consents:write", "decisions:ask")
"""The scopes a learning platform needs to register people, to record consents and to ask for decisions."""
_EVENTS = ("consent.*", "decision.*", "order.*", "subject.*")
"""The events a learning platform must hear of: changed consents and decisions, orders, and people."""

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
        is_done=conditions.has("privacy_contact", "notice_contact"),
        links=(
            Link(
                label=_("Name the privacy contact"),
                page=_ADD_CONTACT,
                capability=Capability.MANAGE_REGISTER,
                values=(("kind", "privacy"),),
                applies=conditions.has_not("privacy_contact"),
            ),
            Link(
                label=_("Name the contact for notices"),
                page=_ADD_CONTACT,
                capability=Capability.MANAGE_REGISTER,
                values=(("kind", "notices"),),
                applies=conditions.has_not("notice_contact"),
            ),
        ),
    ),
    Step(
        code="administrators",
        title=_("Administrators"),
        why=_(
            "An administrator signs for the client and does its steps here. The person gets an email with a link to "
            "choose a password. Two officers give the role: one invites, another approves."
        ),
        party=Party.TWO_OFFICERS,
        is_done=conditions.has("administrator"),
        note=conditions.note_of_administrator,
        links=(
            Link(
                label=_("Invite an administrator"),
                page="accounts_membership_add",
                capability=Capability.MANAGE_STAFF,
                values=(("role", Role.CLIENT_ADMIN.value),),
                applies=lambda facts: not conditions.waits_for_approval(facts),
            ),
            Link(
                label=_("Approve the role"),
                page="accounts_staffchange_approve",
                capability=Capability.MANAGE_STAFF,
                row="proposal",
                offered_to=conditions.may_approve,
                applies=conditions.waits_for_approval,
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
        is_done=conditions.is_set_up,
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
                applies=conditions.has("purpose_without_basis"),
            ),
        ),
    ),
    Step(
        code="children",
        title=_("Ages and guardians"),
        why=_(
            "A client that serves minors says how it verifies ages and how guardians consent. Decisions about children "
            "show it. The forms suggest a wording: change it to what your school does."
        ),
        party=Party.ADMIN,
        is_done=conditions.has("age_mechanism", "consent_mechanism"),
        applies=lambda facts: facts.client.serves_minors,
        links=(
            Link(
                label=_("Declare how ages are verified"),
                page=_ADD_MECHANISM,
                capability=Capability.DECLARE_MECHANISMS,
                values=(("kind", "age"), *STARTING_MECHANISMS["age"]),
                applies=conditions.has_not("age_mechanism"),
            ),
            Link(
                label=_("Declare how guardians consent"),
                page=_ADD_MECHANISM,
                capability=Capability.DECLARE_MECHANISMS,
                values=(("kind", "consent"), *STARTING_MECHANISMS["consent"]),
                applies=conditions.has_not("consent_mechanism"),
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
        note=conditions.note_of_signing,
        links=(
            Link(
                label=_("Read and sign"),
                page=SIGNING_PAGE,
                capability=Capability.SIGN_AGREEMENTS,
                row="agreement",
                offered_to=conditions.may_sign,
                applies=conditions.can_be_signed,
            ),
            Link(
                label=_("Add the paper that the client signed"),
                page="consent_serviceagreement_add-document",
                capability=Capability.MANAGE_AGREEMENTS,
                row="agreement",
                applies=lambda facts: conditions.can_be_signed_on_paper(facts) and not facts.has("document"),
            ),
            Link(
                label=_("Record the client’s signature on paper"),
                page="consent_serviceagreement_sign-paper",
                capability=Capability.MANAGE_AGREEMENTS,
                row="agreement",
                applies=lambda facts: conditions.can_be_signed_on_paper(facts) and facts.has("document"),
            ),
        ),
    ),
    Step(
        code="key",
        title=_("API key"),
        why=_("The learning platform registers people and asks for decisions with it. It is shown once."),
        party=Party.EITHER,
        is_done=conditions.has("key"),
        links=(
            Link(
                label=_("Issue a key"),
                page="accounts_apikey_add",
                capability=Capability.MANAGE_API_KEYS,
                values=(("name", "LMS"), ("scopes", ",".join(_SCOPES))),
            ),
        ),
    ),
    Step(
        code="people",
        title=_("People"),
        why=_(
            "The learning platform registers people by the API, or a roster brings them. One person is enough here: "
            "an instructor has no guardian to wait for."
        ),
        party=Party.EITHER,
        is_done=conditions.has("person"),
        links=(
            Link(
                label=_("Add one person"),
                page="subjects_subject_add",
                capability=Capability.REGISTER_SUBJECTS,
            ),
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
        is_done=conditions.has("webhook"),
        is_optional=True,
        links=(
            Link(
                label=_("Add a webhook"),
                page="webhooks_endpoint_add",
                capability=Capability.MANAGE_WEBHOOKS,
                values=(("name", "LMS"), ("events", ",".join(_EVENTS))),
            ),
        ),
    ),
    Step(
        code="decision",
        title=_("First decision"),
        why=_(
            "Ask for one person and one purpose whether data may be processed: the answer shows what is still missing."
        ),
        party=Party.EITHER,
        is_done=conditions.has("decision"),
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
