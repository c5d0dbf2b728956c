"""Runs the jobs of emails to staff that a test enqueued."""

from procrastinate.contrib.django.models import ProcrastinateJob

from paktaleem.directory.mail.services import EMAIL_STAFF
from paktaleem.directory.mail.tasks import email_staff_about_row


def run_staff_emails() -> None:
    """Run the waiting jobs, each with its arguments, as the worker does."""
    for args in ProcrastinateJob.objects.filter(task_name=EMAIL_STAFF).order_by("id").values_list("args", flat=True):
        email_staff_about_row(**args)
