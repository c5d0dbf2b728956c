"""A valid set-up in which every ordinary question is permitted; tests change one thing at a time."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from consent.decisions.decision import decide
from consent.decisions.facts import ConsentFact, Question, SubjectFacts
from consent.register.compiled import (
    AgreementRule,
    Approval,
    BasisRule,
    InstructionRule,
    NoticeRule,
    NoticeVersionRule,
    Period,
    PurposeRule,
    RecipientRule,
    compile_register,
)
from paktaleem.foundation.accounts.thresholds import Thresholds
from paktaleem.foundation.law.profiles import ContactLaw
from tests.consent.plain_decision import Rows

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
DAY = timedelta(days=1)
TICK = timedelta(microseconds=1)
LONG_AGO = NOW - 400 * DAY
ALWAYS = Period(LONG_AGO)
CATEGORIES = frozenset({"contact_details", "usage_logs", "billing"})

# code → (basis, capacity)
BASES = {
    "newsletter": ("consent", "processor"),
    "service_delivery": ("contract", "processor"),
    "payment_billing": ("contract", "controller"),
    "platform_improvement": ("legitimate_interest", "controller"),
    "legal_compliance": ("legal_obligation", "controller"),
}
PURPOSES = tuple(BASES)


def number(value):
    return UUID(int=value)


AGREEMENT, INSTRUCTION, RECIPIENT, NOTICE, EVENT, PERSON, GUARDIAN = (number(n) for n in range(1, 8))


def purpose_rows():
    return [
        PurposeRule(
            number(100 + n),
            code,
            active=True,
            is_sale=False,
            categories=CATEGORIES - {"billing"},
            owner=number(0),
            needs_account=code not in {"payment_billing", "legal_compliance"},
        )
        for n, code in enumerate(PURPOSES)
    ]


def basis_rows(roles=("student", "instructor")):
    return [
        BasisRule(
            number(200 + 10 * n + r),
            code,
            role,
            basis,
            capacity,
            ALWAYS,
            LONG_AGO if basis == "legitimate_interest" else None,
        )
        for n, (code, (basis, capacity)) in enumerate(BASES.items())
        for r, role in enumerate(roles)
    ]


def good_rows():
    everything = frozenset(PURPOSES)
    return Rows(
        serves_minors=True,
        purposes=purpose_rows(),
        categories=set(CATEGORIES),
        bases=basis_rows(),
        agreements=[AgreementRule(AGREEMENT, LONG_AGO)],
        instructions=[InstructionRule(INSTRUCTION, AGREEMENT, ALWAYS, everything, CATEGORIES, frozenset({"mailer"}))],
        recipients=[RecipientRule(RECIPIENT, "mailer", (Approval(ALWAYS, everything, CATEGORIES, is_integral=True),))],
        notices={code: [NoticeVersionRule(NOTICE, LONG_AGO, material=True)] for code in PURPOSES},
    )


def good_subject():
    return SubjectFacts(id=PERSON, role="student", registered_at=LONG_AGO, of_age_at=LONG_AGO - 1000 * DAY)


def child():
    said = {"service_authorisation": "given", "service_strength": 2, "may_share": True}
    return replace(good_subject(), of_age_at=NOW + 900 * DAY, guardians=frozenset({GUARDIAN}), **said)


def given(**changes):
    fact = ConsentFact(EVENT, "given", NOW - 30 * DAY, notice_version=NOTICE, by="self", guardian=GUARDIAN)
    return {"newsletter": replace(fact, **changes)}


def compile_rows(rows):
    return compile_register(
        client=number(9),
        version=(1, 1),
        time_zone="Asia/Karachi",
        thresholds=Thresholds(13),
        serves_minors=rows.serves_minors,
        purposes=rows.purposes,
        categories=rows.categories,
        bases=rows.bases,
        agreements=rows.agreements,
        instructions=rows.instructions,
        recipients=rows.recipients,
        contact_law=rows.law,
        notices=[NoticeRule(purpose, tuple(versions)) for purpose, versions in rows.notices.items()],
    )


@dataclass
class World:
    """One question with its register and facts; the methods change one thing and return the copy."""

    rows: Rows = field(default_factory=good_rows)
    subject: SubjectFacts | None = field(default_factory=good_subject)
    consents: dict[str, ConsentFact] = field(default_factory=given)
    question: Question = field(default_factory=lambda: Question("newsletter", at=NOW))

    def asking(self, **changes):
        self.question = replace(self.question, **changes)
        return self

    def person(self, **changes):
        assert self.subject is not None
        self.subject = replace(self.subject, **changes)
        return self

    def purpose(self, **changes):
        self.rows.purposes = [replace(row, **changes) for row in self.rows.purposes]
        return self

    def under_law(self, home, **changes):
        """Set the law: marketing needs consent in DE, for children in US, where directory information is opted out."""
        self.rows.law = ContactLaw(home, {"DE": "everyone", "US": "children"}, frozenset({"US"}))
        return self.purpose(**changes)

    def basis(self, **changes):
        self.rows.bases = [replace(row, **changes) for row in self.rows.bases]
        return self

    def agreement(self, **changes):
        self.rows.agreements = [replace(row, **changes) for row in self.rows.agreements]
        return self

    def instruction(self, **changes):
        self.rows.instructions = [replace(row, **changes) for row in self.rows.instructions]
        return self

    def approval(self, **changes):
        self.rows.recipients = [
            replace(row, approvals=tuple(replace(approval, **changes) for approval in row.approvals))
            for row in self.rows.recipients
        ]
        return self

    def recipient(self, **changes):
        self.rows.recipients = [replace(row, **changes) for row in self.rows.recipients]
        return self

    def consent(self, **changes):
        self.consents = given(**changes)
        return self

    def without(self, kind):
        setattr(self.rows, kind, type(getattr(self.rows, kind))())
        return self

    def decide(self):
        return decide(compile_rows(self.rows), self.subject, self.consents, self.question)
