"""Finding the client's instruction that covers a question (rules 4 and 5 of a decision). Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from consent.decisions.facts import Action

if TYPE_CHECKING:
    from consent.decisions.rule_context import RuleContext
    from consent.register.compiled import AgreementRule, InstructionRule


def find_instruction(case: RuleContext, recipient: str | None = None) -> InstructionRule | None:
    """Find one instruction that covers the purpose, all categories and, if given, the recipient."""
    for instruction in case.register.instructions.get(case.purpose.code, ()):
        agreement = case.agreements.get(instruction.agreement)
        if (
            agreement is not None
            and case.categories <= instruction.categories
            and (recipient is None or recipient in instruction.recipients)
            and _instruction_counts(instruction, agreement, case)
        ):
            return instruction
    return None


def _instruction_counts(instruction: InstructionRule, agreement: AgreementRule, case: RuleContext) -> bool:
    """Return True if the instruction is in force, or still counts.

    Data once instructed may always be deleted, even if the instruction was withdrawn (GDPR article 28(3)(g)). An
    instruction that ended with its agreement still counts for storing in the exit period.
    """
    period = instruction.period
    if case.at < period.starts_at:
        return False
    if case.action is Action.DELETE or period.contains(case.at):
        return True
    return agreement.is_in_exit(case.at) and period.ends_at == agreement.ends_at
