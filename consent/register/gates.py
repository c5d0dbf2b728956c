"""The gates of purposes and recipients at a client, from the rows of the register and the law profile of the client."""

from collections.abc import Iterable, Set as AbstractSet

from consent.register.compiled import Gate, Period
from consent.register.models.agreements import Recipient
from consent.register.models.assessments import Assessment, AssessmentKind
from consent.register.models.purposes import Automated, Purpose
from consent.register.risk import find_criteria, is_high_risk, needs_transfer_assessment
from paktaleem.foundation.accounts.models import Client


def find_purpose_criteria(purpose: Purpose, client: Client) -> frozenset[str]:
    """Return the criteria of high risk that a purpose meets at a client; a shared one reaches children too."""
    serves_minors = client.serves_minors or client.is_paktaleem
    return find_criteria(purpose.risks, automated=purpose.automated, serves_minors=serves_minors)


def list_gates(purpose: Purpose, client: Client, assessments: Iterable[Assessment]) -> tuple[Gate, ...]:
    """Return the gates of a purpose at a client: the description of what is automated, and the impact assessment."""
    own = [row for row in assessments if row.purpose_id == purpose.pk]
    gates = []
    if purpose.automated != Automated.NONE:
        gates.append(_to_gate(AssessmentKind.AUTOMATED, {purpose.automated}, own))
    criteria = find_purpose_criteria(purpose, client)
    if is_high_risk(criteria, client.rules_in_force):
        gates.append(_to_gate(AssessmentKind.IMPACT, criteria, own))
    return tuple(gates)


def _to_gate(kind: AssessmentKind, covered: AbstractSet[str], assessments: Iterable[Assessment]) -> Gate:
    """Convert the assessments of a kind that cover what is to be covered, from when they count until replaced."""
    return Gate(
        kind.value,
        tuple(
            (row.pk, Period(row.counts_from, row.replaced_at))
            for row in assessments
            if row.kind == kind and row.counts_from is not None and covered <= set(row.covers)
        ),
    )


def find_transfer_gate(recipient: Recipient, client: Client, assessments: Iterable[Assessment]) -> Gate | None:
    """Return the gate of sharing with a recipient; None if its countries need no transfer assessment."""
    countries = recipient.list_countries()
    if not needs_transfer_assessment(recipient.transfer_ground, countries, client.rules_in_force, home=client.country):
        return None
    own = [row for row in assessments if row.recipient_id == recipient.pk]
    return _to_gate(AssessmentKind.TRANSFER, {*countries}, own)
