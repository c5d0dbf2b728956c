"""Sections of a copy of a person's data: guardians, their verification and their answers.

A child's copy says that there is a guardian and what they decided, never who they are; evidence and notes about a
guardian are theirs. A guardian's copy does not name the child.
"""

from collections.abc import Sequence

from django.utils.translation import gettext_lazy as _

from children.guardians.models.guardians import Guardianship, SchoolAuthorisation, ServiceAuthorisation, Verification
from children.guardians.models.mechanisms import GuardianChange, GuardianConflict, ProviderCheck, Quarantine
from paktaleem.directory.people.copies.sections import (
    CLOSED,
    ENDS,
    EXPIRES,
    LANGUAGE,
    METHOD,
    OPENED,
    PART,
    PURPOSE,
    REASON,
    RECORDED,
    RELATIONSHIP,
    REQUESTED,
    SETTLED,
    STARTS,
    STATE,
    Column,
    Section,
    ValueKind,
    get_part,
    table_section,
)

_PAIR = ("child", "guardian")
_OF_GUARDIAN = ("guardianship__guardian",)
_PROVIDER = Column("provider", _("Provider"))


def list_guardian_sections() -> Sequence[Section]:
    """List the sections of guardians and of what was decided about a child."""
    return (_guardianships(), *_checks(), *_answers(), *_cases())


def _guardianships() -> Section:
    return table_section(
        "guardianships",
        _("Guardians"),
        Guardianship,
        [
            (PART, get_part(*_PAIR)),
            (RELATIONSHIP, "relationship"),
            (Column("source", _("Named by")), "source"),
            (Column("may_consent", _("May decide for the child"), ValueKind.YES_NO), "may_consent"),
            (Column("may_receive_data", _("May receive the child’s data"), ValueKind.YES_NO), "may_receive_data"),
            (Column("court_order", _("Court order"), ValueKind.YES_NO), "court_order"),
            (STARTS, "starts_at"),
            (ENDS, "ends_at"),
        ],
        of=_PAIR,
    )


def _checks() -> Sequence[Section]:
    return (
        table_section(
            "guardian_verifications",
            _("Verifications of you as a guardian"),
            Verification,
            [
                (METHOD, "method"),
                (Column("strength", _("Strength"), ValueKind.NUMBER), "strength"),
                (_PROVIDER, "provider"),
                (Column("verified_at", _("Verified"), ValueKind.TIME), "verified_at"),
                (EXPIRES, "expires_at"),
                (Column("ended_at", _("Found false"), ValueKind.TIME), "ended_at"),
            ],
            of=_OF_GUARDIAN,
        ),
        table_section(
            "provider_checks",
            _("Checks of you by a provider"),
            ProviderCheck,
            [
                (_PROVIDER, "provider"),
                (METHOD, "method"),
                (STATE, "state"),
                (Column("started_at", _("Started"), ValueKind.TIME), "started_at"),
                (Column("finished_at", _("Finished"), ValueKind.TIME), "finished_at"),
            ],
            of=_OF_GUARDIAN,
        ),
    )


def _answers() -> Sequence[Section]:
    return (
        table_section(
            "service_answers",
            _("Answers about the use of the service"),
            ServiceAuthorisation,
            [
                (PART, get_part(*_PAIR)),
                (Column("decision", _("Answer")), "decision"),
                (Column("shares", _("Sharing with outside recipients"), ValueKind.YES_NO), "shares"),
                (Column("route", _("Channel")), "route"),
                (LANGUAGE, "language"),
                (RECORDED, "recorded_at"),
                (EXPIRES, "expires_at"),
            ],
            of=_PAIR,
        ),
        table_section(
            "school_authorisations",
            _("Authorisations by the school"),
            SchoolAuthorisation,
            [
                (Column("contract", _("Contract")), "contract_reference"),
                (STARTS, "starts_at"),
                (ENDS, "ends_at"),
            ],
            of=("child",),
        ),
    )


def _cases() -> Sequence[Section]:
    return (
        table_section(
            "guardian_conflicts",
            _("Different answers of guardians"),
            GuardianConflict,
            [(PURPOSE, "purpose_code"), (OPENED, "opened_at"), (CLOSED, "closed_at")],
            of=("child",),
        ),
        table_section(
            "guardian_changes",
            _("Changes of a guardian’s authority"),
            GuardianChange,
            [(STATE, "state"), (REQUESTED, "requested_at"), (SETTLED, "settled_at")],
            of=("child", "guardianship__guardian"),
        ),
        table_section(
            "quarantines",
            _("Times in which your data could only be deleted"),
            Quarantine,
            [(REASON, "cause"), (STARTS, "starts_at"), (ENDS, "ends_at")],
        ),
    )
