"""Background tasks: reminders of findings and assessments, by email to PakTaleem's officers."""

from django.urls import reverse
from procrastinate.contrib.django import app

from paktaleem.directory.mail.services import send_message
from paktaleem.directory.security.security_assessments.messages import ASSESSMENTS_DUE
from paktaleem.directory.security.security_assessments.selectors import count_due
from paktaleem.directory.security.security_assessments.services import NOTIFY_OFFICERS, remind_of_assessments
from paktaleem.foundation.accounts.actors import system_actor
from paktaleem.foundation.accounts.roles import Role
from paktaleem.foundation.accounts.selectors import list_staff
from paktaleem.foundation.accounts.sign_in_rules import build_public_url
from paktaleem.foundation.clock import wall_clock_now
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM

REMIND = "security_assessments.remind"


@app.periodic(cron="17 * * * *", periodic_id="security_assessments")
@app.task(name=REMIND, queueing_lock=REMIND, lock=REMIND, pass_context=False)
def remind_of_all_assessments(timestamp: int) -> None:
    """Every hour, look for findings and assessments that reached the next stage of their reminders."""
    del timestamp
    with in_client(PAKTALEEM):
        remind_of_assessments(at=wall_clock_now())


@app.task(name=NOTIFY_OFFICERS, pass_context=False)
def notify_officers_of_assessments() -> None:
    """Email PakTaleem's officers what is due."""
    at = wall_clock_now()
    page = reverse("admin:security_assessments_finding_changelist", current_app="console")
    with in_client(PAKTALEEM):
        context = {name: str(number) for name, number in count_due(at).items()} | {"url": build_public_url(page)}
        for user in list_staff(PAKTALEEM, Role.PRIVACY_OFFICER, at=at):
            send_message(
                ASSESSMENTS_DUE.code,
                to=user,
                client_id=PAKTALEEM,
                context=context,
                actor=system_actor(NOTIFY_OFFICERS),
                at=at,
            )
