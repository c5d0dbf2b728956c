"""The context of the rules of a decision: the question with the rows looked up for it. Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import UUID

from consent.decisions.facts import Action, SubjectFacts
from consent.register.compiled import Basis, Capacity, PurposeRule

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from consent.decisions.facts import ConsentFact, Question
    from consent.register.compiled import AgreementRule, Approval, Register


_ACTIONS = {action.value: action for action in Action}
BASES = frozenset(basis.value for basis in Basis)
_CONTROLLERS = frozenset({Capacity.CONTROLLER.value, Capacity.JOINT.value})
_NO_ID = UUID(int=0)
NOBODY = SubjectFacts(id=_NO_ID, role="", registered_at=datetime.min.replace(tzinfo=UTC))
"""Stands for a person the client does not know."""
NO_PURPOSE = PurposeRule(id=_NO_ID, code="", active=False, is_sale=False, categories=frozenset(), owner=_NO_ID)
"""Stands for a purpose that is not in the register."""


class RuleContext:
    """A question with the rows looked up for it; rules add the rows they are based on to `evidence`.

    `role` is the role of the person by which the question is decided: it selects the lawful basis. `is_role_held` is
    True if the person is known and has it.
    """

    __slots__ = (
        "action",
        "agreements",
        "approvals",
        "at",
        "basis",
        "categories",
        "consent",
        "evidence",
        "is_child",
        "is_role_held",
        "purpose",
        "question",
        "recipient",
        "register",
        "role",
        "subject",
    )

    def __init__(
        self,
        register: Register,
        subject: SubjectFacts | None,
        consents: Mapping[str, ConsentFact],
        question: Question,
        *,
        role: str,
    ) -> None:
        at = question.at
        self.register = register
        self.subject = subject or NOBODY
        self.at = at
        self.question = question
        self.action = _ACTIONS.get(question.action)
        self.purpose = register.purposes.get(question.purpose, NO_PURPOSE)
        self.categories = question.categories or self.purpose.categories
        self.recipient = question.recipient
        self.role = role
        self.is_role_held = subject is not None and (role == subject.role or role in subject.other_roles)
        self.basis = register.basis_in_force(self.purpose.code, role, at) if self.is_role_held else None
        self.consent = consents.get(self.purpose.code)
        self.is_child = self.subject.counts_as_child(at, serves_minors=register.serves_minors)
        self.agreements: dict[UUID, AgreementRule] = {}
        self.approvals: Sequence[Approval] = ()
        self.evidence: list[UUID] = []

    def rests_on(self, row: UUID | None) -> None:
        """Add a row to the evidence."""
        if row is not None and row not in self.evidence:
            self.evidence.append(row)

    @property
    def lawful_basis(self) -> str | None:
        """The basis in force; None if there is none, or its code is unknown."""
        return self.basis.basis if self.basis is not None and self.basis.basis in BASES else None

    @property
    def is_legal_obligation(self) -> bool:
        """True if the basis in force is a legal obligation."""
        return self.basis is not None and self.basis.basis == Basis.LEGAL_OBLIGATION

    @property
    def needs_instruction(self) -> bool:
        """True if PakTaleem is processor, or its role is unknown because no basis is in force.

        A client's legal obligation is instructed by its lawful basis, which an officer accepted.
        """
        return not self.is_legal_obligation and self.is_processor

    @property
    def is_processor(self) -> bool:
        """True if PakTaleem decides nothing about the purpose, or its role is unknown because no basis is in force."""
        return self.basis is None or self.basis.capacity not in _CONTROLLERS

    @property
    def needs_agreement(self) -> bool:
        """True if a service agreement must be in force: between joint controllers it is their arrangement (Art. 26)."""
        if self.basis is None or self.is_legal_obligation:
            return self.is_processor
        return self.basis.basis == Basis.CONTRACT or self.basis.capacity != Capacity.CONTROLLER
