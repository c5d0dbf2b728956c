"""Runs the jobs of emails to staff that a test enqueued."""

from procrastinate.contrib.django.models import ProcrastinateJob

from paktaleem.directory.mail.services import EMAIL_STAFF
from paktaleem.directory.mail.tasks import email_staff_about_row
from paktaleem.foundation.tenancy.context import in_global


def run_staff_emails() -> None:
    """Run the waiting jobs, each with its arguments, as the worker does."""
    with in_global():
        jobs = list(
            ProcrastinateJob.objects.filter(task_name=EMAIL_STAFF).order_by("id").values_list("args", flat=True)
        )
    for args in jobs:
        email_staff_about_row(**args)
