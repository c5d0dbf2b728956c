"""Reminders of the 72-hour clock: once for each mark, and only the most urgent one after an outage."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.jobs.enqueue import enqueue_job
from retention.breaches.clock import list_due_marks
from retention.breaches.models import Breach, BreachReminder
from retention.breaches.services.recording import record_act

NOTIFY_STAFF = "breaches.notify_staff"


@transaction.atomic
def remind_of_breaches(client_id: UUID, *, actor: Actor, at: datetime) -> int:
    """Remind staff of a client's breaches at 48, 24, 12 and 0 hours left; return the number of reminders.

    Follows GDPR Art. 33(1). Marks that were missed are recorded, but only the most urgent one is sent.
    """
    running = Breach.objects.running(at).filter(client_id=client_id).order_by("due_at", "pk")
    return sum(_remind(breach, actor, at) for breach in running.select_for_update(of=("self",)))


def _remind(breach: Breach, actor: Actor, at: datetime) -> int:
    own = BreachReminder.objects.filter(client_id=breach.client_id, breach=breach)
    marks = list_due_marks(breach.known_at, at, done=set(own.values_list("hours_left", flat=True)))
    if not marks:
        return 0
    for mark in marks:
        BreachReminder(client_id=breach.client_id, breach=breach, hours_left=mark, at=at).save(force_insert=True)
    record_act("breach.reminded", breach, actor, at, hours_left=marks[-1])
    enqueue_job(NOTIFY_STAFF, client=str(breach.client_id), breach=str(breach.pk), hours=str(marks[-1]))
    return 1
