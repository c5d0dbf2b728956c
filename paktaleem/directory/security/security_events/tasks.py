"""Background tasks: collect security events, alert officers, delete old events."""

from datetime import datetime
from uuid import UUID

from django.urls import reverse
from procrastinate.contrib.django import app

from paktaleem.directory.mail.services import send_message
from paktaleem.directory.security.security_events.data_kinds import EVENTS, PURGE_EVENTS
from paktaleem.directory.security.security_events.kinds import KINDS
from paktaleem.directory.security.security_events.messages import SECURITY_ALERT
from paktaleem.directory.security.security_events.services import (
    ALERT,
    alert_officers,
    collect_acts,
    collect_bulk_reveals,
    purge_events,
)
from paktaleem.foundation.accounts.actors import system_actor
from paktaleem.foundation.accounts.roles import Role
from paktaleem.foundation.accounts.selectors import list_client_ids, list_staff
from paktaleem.foundation.accounts.sign_in_rules import build_public_url
from paktaleem.foundation.clock import client_now, wall_clock_now
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from paktaleem.foundation.upkeep.periods.purging import purge_clients
from paktaleem.foundation.upkeep.periods.selectors import get_cutoff

WATCH = "security_events.watch"


@app.periodic(cron="* * * * *", periodic_id="security_events")
@app.task(name=WATCH, queueing_lock=WATCH, pass_context=False)
def watch_security(timestamp: int) -> None:
    """Every minute, collect acts and bulk reveals, then alert officers."""
    del timestamp
    at = wall_clock_now()
    collect_acts(at=at)
    collect_bulk_reveals(at=at)
    alert_officers(at=at)


@app.task(name=ALERT, pass_context=False)
def email_alert(kind: str, number: str) -> None:
    """Email all privacy officers that events of a kind reached their count; the email names no person."""
    page = reverse("admin:security_events_securityevent_changelist", current_app="console")
    url = f"{build_public_url(page)}?kind={kind}"
    with in_client(PAKTALEEM):
        for user in list_staff(PAKTALEEM, Role.PRIVACY_OFFICER, at=wall_clock_now()):
            send_message(
                SECURITY_ALERT.code,
                to=user,
                client_id=PAKTALEEM,
                context={"kind": KINDS[kind].name, "number": number, "url": url},
                actor=system_actor(ALERT),
                at=client_now(),
            )


@app.periodic(cron="29 4 * * *", periodic_id="security_events_purge")
@app.task(name=PURGE_EVENTS, queueing_lock=PURGE_EVENTS, pass_context=False)
def purge_old_events(timestamp: int) -> int:
    """Delete, every night, events after the period ``EVENTS``; return the number."""
    del timestamp
    return purge_clients(EVENTS, _purge_batch, clients=list_client_ids())


def _purge_batch(client_id: UUID, at: datetime) -> int:
    del at  # events are on the system clock
    return purge_events(client_id, before=get_cutoff(EVENTS, at=wall_clock_now()))
