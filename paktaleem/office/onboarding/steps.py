"""The steps of a client's set-up: why each is needed, who does it, where, and whether it is done."""

# Steps are derived from the tables of other apps: a stored tick would become untrue when its fact ends.

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from consent.agreements.models import Side
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.roles import Capability, Role
from paktaleem.office.onboarding.selectors import ClientFacts
from paktaleem.office.onboarding.services import STARTING_MECHANISMS


class Party(models.TextChoices):
    """Those who do a step."""

    OFFICER = "officer", _("A privacy officer of PakTaleem")
    TWO_OFFICERS = "two_officers", _("Two privacy officers of PakTaleem")
    ADMIN = "admin", _("An administrator of the client")
    EITHER = "either", _("A privacy officer or an administrator of the client")
    BOTH = "both", _("Both sides, one after the other")


@dataclass(frozen=True, slots=True)
class Link:
    """A page on which a step is done, shown to readers with the capability to whom it ``applies``.

    ``page`` is the name of its address in the console. ``row`` names whose page it is: the ``client``, the
    ``agreement``, the ``proposal`` of a role, or none (empty). A page to add a row gets the client and ``values`` as
    initial values; any other one shows the client.
    """

    label: Promise
    page: str
    capability: Capability
    row: str = ""
    applies: Callable[[ClientFacts, Actor], bool] = lambda _facts, _viewer: True
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step. One that is ``optional`` does not count for whether the set-up is complete."""

    code: str
    title: Promise
    why: Promise
    party: Party
    is_done: Callable[[ClientFacts], bool]
    links: tuple[Link, ...]
    applies: Callable[[ClientFacts], bool] = lambda _facts: True
    note: Callable[[ClientFacts], Promise | str] = lambda _facts: ""
    is_optional: bool = False


def list_steps(facts: ClientFacts) -> list[Step]:
    """List the steps of a client, in the order in which they are best done."""
    return [step for step in STEPS if step.applies(facts)]


def list_open_steps(facts: ClientFacts) -> list[Step]:
    """List the steps that are not done and not optional; none if the set-up is complete."""
    return [step for step in list_steps(facts) if not step.is_optional and not step.is_done(facts)]


def _note_of_signing(facts: ClientFacts) -> Promise | str:
    if not facts.is_instructed:
        return _("First add the instructions: they are signed with the agreement.")
    if facts.signed_by == Side.PAKTALEEM:
        return _("PakTaleem has signed. The client signs next.")
    return _("The client has signed. PakTaleem signs next.") if facts.signed_by == Side.CLIENT else ""


def _may_sign(facts: ClientFacts, viewer: Actor) -> bool:
    own_side = Side.PAKTALEEM if viewer.client_id is None else Side.CLIENT
    return facts.can_be_signed and facts.signed_by != own_side and facts.signer != viewer.id


def _lacks_paper(facts: ClientFacts) -> bool:
    return facts.can_be_signed and facts.signed_by != Side.CLIENT


def _lacks(fact: str) -> Callable[[ClientFacts, Actor], bool]:
    return lambda facts, _viewer: not getattr(facts, fact)


SIGNING_PAGE = "consent_serviceagreement_change"
"""The page on which an agreement is read and signed."""
_CONTACT = ("agreements_clientcontact_add", Capability.MANAGE_REGISTER, "")
_MECHANISM = ("guardians_childmechanism_add", Capability.DECLARE_MECHANISMS, "")
_WORDS = {kind: {"kind": kind, **words} for kind, words in STARTING_MECHANISMS.items()}
_SCOPES = "subjects:read,subjects:write,register:read,consents:read,consents:write,decisions:ask"
"""The scopes a learning platform needs to register people, to record consents and to ask for decisions."""
_EVENTS = "consent.*,decision.*,order.*,subject.*"
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
        links=(Link(_("Complete the client’s facts"), "accounts_client_change", Capability.MANAGE_CLIENTS, "client"),),
    ),
    Step(
        code="contacts",
        title=_("Contacts"),
        why=_("People ask the privacy contact about their data; notices of changes go to the contact for notices."),
        party=Party.EITHER,
        is_done=lambda facts: facts.has_privacy_contact and facts.has_notice_contact,
        links=(
            Link(_("Name the privacy contact"), *_CONTACT, _lacks("has_privacy_contact"), {"kind": "privacy"}),
            Link(_("Name the contact for notices"), *_CONTACT, _lacks("has_notice_contact"), {"kind": "notices"}),
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
        is_done=lambda facts: facts.has_administrator,
        note=lambda facts: _("The role is proposed: a second officer approves it.") if facts.waits_for_approval else "",
        links=(
            Link(
                _("Invite an administrator"),
                "accounts_membership_add",
                Capability.MANAGE_STAFF,
                applies=lambda facts, _viewer: not facts.waits_for_approval,
                values={"role": Role.CLIENT_ADMIN.value},
            ),
            Link(  # not for who proposed the role, nor for who has signed: they could not sign with this administrator
                _("Approve the role"),
                "accounts_staffchange_approve",
                Capability.MANAGE_STAFF,
                "proposal",
                lambda facts, viewer: facts.waits_for_approval and viewer.id not in {facts.proposer, facts.signer},
            ),
        ),
    ),
    Step(
        code="agreement",
        title=_("Service agreement"),
        why=_("Without an agreement in force, nothing is processed for the client. It begins as a draft."),
        party=Party.OFFICER,
        is_done=lambda facts: facts.agreement is not None,
        links=(Link(_("Add the draft"), "consent_serviceagreement_add", Capability.MANAGE_AGREEMENTS),),
    ),
    Step(
        code="purposes",
        title=_("Purposes, lawful bases and instructions"),
        why=_(
            "PakTaleem does for the client only what it is instructed to do, and only on a lawful basis. The starting "
            "set has the purposes of PakTaleem’s privacy policy with what they mean."
        ),
        party=Party.EITHER,
        is_done=lambda facts: facts.is_instructed and not (facts.lacks_basis or facts.lacks_instruction),
        note=lambda facts: "" if facts.agreement else _("First add the draft of the agreement."),
        links=(
            Link(
                _("Use the starting set"),
                "accounts_client_starting-set",
                Capability.ANNOUNCE_NOTICES,
                "client",
                lambda facts, _viewer: facts.agreement is not None and not facts.is_instructed,
            ),
            Link(
                _("Add the missing lawful basis"),
                "consent_lawfulbasis_add",
                Capability.MANAGE_REGISTER,
                applies=lambda facts, _viewer: facts.lacks_basis,
            ),
            Link(
                _("Add the missing instruction"),
                "consent_instruction_add",
                Capability.MANAGE_REGISTER,
                applies=lambda facts, viewer: (  # to a signed agreement only the client adds one
                    facts.is_instructed
                    and facts.lacks_instruction
                    and not (facts.is_signed and viewer.client_id is None)
                ),
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
        is_done=lambda facts: facts.has_age_mechanism and facts.has_consent_mechanism,
        applies=lambda facts: facts.client.serves_minors,
        links=(
            Link(_("Declare how ages are verified"), *_MECHANISM, _lacks("has_age_mechanism"), _WORDS["age"]),
            Link(_("Declare how guardians consent"), *_MECHANISM, _lacks("has_consent_mechanism"), _WORDS["consent"]),
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
        is_done=lambda facts: not facts.lacks_notice,
        links=(Link(_("Write the missing notice"), "consent_notice_add", Capability.MANAGE_REGISTER),),
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
            Link(_("Show what has no period"), "schedule_retentionrule_schedule", Capability.VIEW_REGISTER),
            Link(_("Add the missing rule"), "schedule_retentionrule_add", Capability.MANAGE_RETENTION),
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
            Link(_("Read and sign"), SIGNING_PAGE, Capability.DECIDE_FOR_CLIENT, "agreement", _may_sign),
            Link(
                _("Add the paper that the client signed"),
                "consent_serviceagreement_add-document",
                Capability.MANAGE_AGREEMENTS,
                "agreement",
                lambda facts, _viewer: _lacks_paper(facts) and not facts.has_document,
            ),
            Link(
                _("Record the client’s signature on paper"),
                "consent_serviceagreement_sign-paper",
                Capability.MANAGE_AGREEMENTS,
                "agreement",
                lambda facts, _viewer: _lacks_paper(facts) and facts.has_document,
            ),
        ),
    ),
    Step(
        code="key",
        title=_("API key"),
        why=_("The learning platform registers people and asks for decisions with it. It is shown once."),
        party=Party.EITHER,
        is_done=lambda facts: facts.has_key,
        links=(
            Link(
                _("Issue a key"),
                "accounts_apikey_add",
                Capability.ADMINISTER_CLIENT,
                values={"name": "LMS", "scopes": _SCOPES},
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
        is_done=lambda facts: facts.has_person,
        links=(
            Link(_("Add one person"), "people_subject_add", Capability.REGISTER_SUBJECTS),
            Link(_("Upload a roster"), "schools_rosterimport_add", Capability.REGISTER_SUBJECTS),
        ),
    ),
    Step(
        code="webhook",
        title=_("Webhook"),
        why=_("With a webhook the learning platform hears of changes at once. Without one it asks for them."),
        party=Party.EITHER,
        is_done=lambda facts: facts.has_webhook,
        is_optional=True,
        links=(
            Link(
                _("Add a webhook"),
                "webhooks_endpoint_add",
                Capability.MANAGE_WEBHOOKS,
                values={"name": "LMS", "events": _EVENTS},
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
        is_done=lambda facts: facts.has_decision,
        links=(Link(_("Try a decision"), "accounts_client_try-decision", Capability.REQUEST_DECISIONS, "client"),),
    ),
)
