"""Adding, changing and reviewing impact assessments."""

from datetime import date, datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from consent.register.services import change_register
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.acts import act
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.actors import Reason
from retention.records.models import AssessmentOutcome, ImpactAssessment


@transaction.atomic
def save_assessment(
    assessment: ImpactAssessment, *, actor: Actor, reason: Reason | str, at: datetime
) -> ImpactAssessment:
    """Add or change an impact assessment (GDPR Art. 35).

    Raises ValidationError for an assessment in the future, NotAllowed.
    """
    if assessment.done_on is not None and assessment.done_on > _today(assessment, at):
        raise ValidationError({"done_on": [_("Choose today or an earlier day.")]})
    return change_register(assessment, actor=actor, reason=reason, at=at)


@act(
    "review",
    "Record a review",
    Capability.MANAGE_REGISTER,
    lead="The assessment was read again today. Give its result and the day of the next review.",
    done="Reviewed.",
)
def review_assessment(
    assessment: ImpactAssessment,
    *,
    outcome: Annotated[
        str, forms.ChoiceField(label="Result", choices=AssessmentOutcome.choices, widget=forms.RadioSelect)
    ],
    review_on: Annotated[
        date, forms.DateField(label="Review day", help_text="On this day, the first page asks for the next review.")
    ],
    reason: Reason | str,
    actor: Actor,
    at: datetime,
) -> ImpactAssessment:
    """Record that an assessment was reviewed today, with its result and the next review day (GDPR Art. 35(11)).

    Raises ValidationError if the day is not after today in the client's time zone, NotAllowed.
    """
    today = _today(assessment, at)
    if review_on <= today:
        raise ValidationError({"review_on": [_("Choose a day after today.")]})
    assessment.outcome, assessment.done_on, assessment.review_on = AssessmentOutcome(outcome).value, today, review_on
    return change_register(assessment, actor=actor, reason=reason, at=at)


def _today(assessment: ImpactAssessment, at: datetime) -> date:
    return at.astimezone(ZoneInfo(assessment.client.time_zone)).date()
