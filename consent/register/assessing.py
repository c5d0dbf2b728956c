"""Answering, approving and consulting about assessments."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated

from dateutil.relativedelta import relativedelta
from django import forms
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from consent.register.gates import find_purpose_criteria
from consent.register.models.agreements import Recipient
from consent.register.models.assessments import WITHOUT_RISK, Assessment, AssessmentKind, ResidualRisk
from consent.register.models.purposes import Automated, Purpose
from consent.register.risk import Questionnaire, read_questionnaires
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.acts import Refused, act
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.second_person import require_second_person
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.canonical import canonical, compute_leaf_hash
from paktaleem.foundation.audit.history import save_tracked
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.clock import to_wall_clock
from paktaleem.foundation.tenancy.context import advisory_lock

LONGEST = 4000
"""Characters of an answer, at most."""
REVIEWED_WITHIN = relativedelta(years=3)
"""Longest time to the next review; WP 248 rev.01 asks for a regular one, and the CNIL for one every three years."""


@transaction.atomic
def answer_assessment(
    row: Purpose | Recipient,
    kind: str,
    *,
    answers: Mapping[str, str],
    residual_risk: str = "",
    review_on: date,
    actor: Actor,
    reason: Reason | str,
    at: datetime,
) -> Assessment:
    """Answer the questionnaire of a kind about a purpose, or a recipient; it counts once a second person approves it.

    Answers that wait for approval are replaced. Raises ValidationError naming the field, Refused, NotAllowed.
    """
    require(actor, Capability.MANAGE_REGISTER, row.client_id)
    client = Client.objects.get(pk=row.client_id)
    of = {"recipient": row} if isinstance(row, Recipient) else {"purpose": row}
    advisory_lock(f"assessment/{kind}/{row.pk}")
    draft = Assessment.objects.filter(client_id=client.pk, kind=kind, reviewed_at=None, **of).first()
    assessment = draft or Assessment(client_id=client.pk, kind=kind, **of)
    assessment.covers = list_covered(row, kind, client)
    questionnaire = read_questionnaires()[kind]
    names = [name for question in questionnaire.questions for name in question.names]
    assessment.questionnaire = questionnaire.version
    assessment.answers = {name: answers.get(name, "").strip() for name in names}
    assessment.residual_risk, assessment.review_on = residual_risk, review_on
    assessment.answered_at, assessment.answered_by = at, actor.id
    _check_answers(assessment, questionnaire, client, at)
    return _save(assessment, "assessment.answered", actor, reason, at)


def list_covered(row: Purpose | Recipient, kind: str, client: Client) -> list[str]:
    """List what an assessment covers: the countries, the criteria of risk, or what is automated.

    Raises Refused if nothing is to be assessed.
    """
    if isinstance(row, Recipient):
        return list(row.list_countries())
    if kind == AssessmentKind.AUTOMATED:
        if row.automated == Automated.NONE:
            raise Refused(_("This purpose declares neither profiling nor automated decisions."))
        return [row.automated]
    return sorted(find_purpose_criteria(row, client))


def _check_answers(assessment: Assessment, questionnaire: Questionnaire, client: Client, at: datetime) -> None:
    today = client.day_at(at)
    errors = {name: [_("This field is required.")] for name, text in assessment.answers.items() if not text}
    words = _("At most {number} characters.").format(number=LONGEST)
    errors |= {name: [words] for name, text in assessment.answers.items() if len(text) > LONGEST}
    for question in questionnaire.questions:
        if question.day and question.code not in errors and not _is_past(assessment.answers[question.code], today):
            errors[question.code] = [_("Give a day, today or earlier, such as {today}.").format(today=today)]
    risks = {""} if assessment.kind in WITHOUT_RISK else set(ResidualRisk)
    if assessment.residual_risk not in risks:
        errors["residual_risk"] = [_("Choose the risk that remains.")]
    if not today < assessment.review_on <= today + REVIEWED_WITHIN:
        errors["review_on"] = [_("Choose a day after today, at most three years ahead.")]
    if errors:
        raise ValidationError(errors)


def _is_past(text: str, today: date) -> bool:
    try:
        return date.fromisoformat(text) <= today
    except ValueError:
        return False


def _save(assessment: Assessment, kind: str, actor: Actor, reason: Reason | str, at: datetime) -> Assessment:
    save_tracked(assessment, actor=actor, reason=reason, at=at)
    facts = {
        "assessment": str(assessment.pk),
        "kind": assessment.kind,
        "row": str(assessment.subject.pk),
        "covers": assessment.covers,
        "residual_risk": assessment.residual_risk,
        "review_on": str(assessment.review_on),
        "hash": compute_leaf_hash(canonical(assessment.answers)).hex(),
    }
    record_entry(kind, client_id=assessment.client_id, facts=facts, actor=actor, at=at)
    return assessment


def _check_approval(assessment: Assessment, actor: Actor, at: datetime) -> None:
    if assessment.reviewed_at is not None:
        raise Refused(_("It is already approved."))
    require_second_person(actor, requested_by=assessment.answered_by, at=to_wall_clock(at))
    needed = list_covered(assessment.subject, assessment.kind, Client.objects.get(pk=assessment.client_id))
    if not set(needed) <= set(assessment.covers):
        raise Refused(_("What is assessed has changed since: answer the questions again."))


@act(
    "review",
    "Approve",
    Capability.DECIDE_FOR_CLIENT,
    lead="Read every answer first. Once you approve, the answers can no longer change, and an earlier assessment no "
    "longer counts. If the remaining risk is high, nothing is allowed before the authority’s answer is recorded.",
    done="Approved.",
    check=_check_approval,
)
def approve_assessment(
    assessment: Assessment, *, actor: Actor, reason: Reason | str = Reason.REVIEW, at: datetime
) -> Assessment:
    """Approve an assessment as a second person (GDPR Art. 35); it replaces the one before.

    Raises Refused if it is approved or no longer covers what is assessed, NotAllowed, as ``require_second_person``.
    """
    own = {"client_id": assessment.client_id, "kind": assessment.kind}
    before = Assessment.objects.current().filter(**own, purpose=assessment.purpose, recipient=assessment.recipient)
    for replaced in before.select_for_update():
        replaced.replaced_at = at
        save_tracked(replaced, actor=actor, reason=reason, at=at)
    assessment.reviewed_at, assessment.reviewed_by = at, actor.id
    return _save(assessment, "assessment.approved", actor, reason, at)


def _check_consultation(assessment: Assessment, actor: Actor, at: datetime) -> None:
    is_open = assessment.reviewed_at is not None and assessment.replaced_at is None
    if not is_open or assessment.residual_risk != ResidualRisk.HIGH:
        raise Refused(_("The authority is consulted about an approved assessment whose remaining risk is high."))
    if assessment.consulted_at is not None:
        raise Refused(_("The authority’s answer is already recorded."))
    require_second_person(actor, requested_by=assessment.answered_by, at=to_wall_clock(at))


@act(
    "consult",
    "Record the authority’s answer",
    Capability.DECIDE_FOR_CLIENT,
    lead="The authority was consulted, and does not object (GDPR Art. 36). From now on the assessment counts.",
    done="Recorded. In effect from the next decision.",
    danger=True,
    check=_check_consultation,
)
def record_consultation(
    assessment: Assessment,
    *,
    authority: Annotated[str, forms.CharField(label="Supervisory authority", max_length=200)],
    reference: Annotated[str, forms.CharField(label="Reference of its answer", max_length=200)],
    actor: Actor,
    reason: Reason | str,
    at: datetime,
) -> Assessment:
    """Record that the supervisory authority was consulted and does not object (GDPR Art. 36).

    Raises Refused if there is nothing to consult about, and as ``require_second_person``, NotAllowed.
    """
    assessment.authority, assessment.reference, assessment.consulted_at = authority, reference, at
    return _save(assessment, "assessment.consulted", actor, reason, at)
