"""Reminders of findings and of the next assessments: one email for each stage, also after an outage."""

from collections.abc import Iterator
from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from paktaleem.directory.security_assessments.deadlines import SOON, find_stage
from paktaleem.directory.security_assessments.models import (
    AssessmentReminder,
    Finding,
    SecurityAssessment,
    get_staff_day,
)
from paktaleem.foundation.jobs.enqueue import enqueue_job
from paktaleem.foundation.tenancy.ids import PAKTALEEM

NOTIFY_OFFICERS = "security_assessments.notify_officers"


@transaction.atomic
def remind_of_assessments(*, at: datetime) -> int:
    """Record each stage that was reached, and queue one email to the officers if there is one; return the number.

    Follows policy §5, decision 0119. Runs in PakTaleem's context, by one task at a time. Stages that were missed are
    not made up for: the email says how much is due now.
    """
    today = get_staff_day(at)
    days = dict(_list_days(today))
    reached = {(about, due_on, find_stage(due_on, today)) for about, due_on in days.items()}
    reminded = AssessmentReminder.objects.filter(client_id=PAKTALEEM, about__in=days)
    known = set(reminded.values_list("about", "due_on", "stage"))
    new = [
        AssessmentReminder(about=about, due_on=due_on, stage=stage, at=at)
        for about, due_on, stage in reached - known
        if stage is not None
    ]
    AssessmentReminder.objects.bulk_create(new)
    if new:
        enqueue_job(NOTIFY_OFFICERS)
    return len(new)


def _list_days(today: date) -> Iterator[tuple[UUID, date]]:
    """Yield the ids of findings and assessments with their days, if they are due or soon will be."""
    own = {"client_id": PAKTALEEM}
    until = today + SOON
    yield from Finding.objects.filter(**own, mended_on=None, due_on__lte=until).values_list("pk", "due_on")
    latest = SecurityAssessment.objects.filter(**own, followed_on=None, next_on__lte=until)
    yield from latest.values_list("pk", "next_on")
