"""Background tasks: collect security events and alert officers."""

from django.urls import reverse
from procrastinate.contrib.django import app

from paktaleem.directory.mail.services import declare_message, send_message
from paktaleem.directory.security.security_events.models import KINDS
from paktaleem.directory.security.security_events.services import (
    ALERT,
    alert_officers,
    collect_acts,
    collect_bulk_reveals,
)
from paktaleem.foundation.accounts.actors import system_actor
from paktaleem.foundation.accounts.roles import Role
from paktaleem.foundation.accounts.selectors import list_staff
from paktaleem.foundation.accounts.sign_in_rules import build_public_url
from paktaleem.foundation.clock import client_now, wall_clock_now
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM

SECURITY_ALERT = declare_message("security_alert", fields=("kind", "number", "url"))
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
    page = reverse("admin:security_securityevent_changelist", current_app="console")
    url = f"{build_public_url(page)}?kind={kind}"
    with in_client(PAKTALEEM):
        for user in list_staff(PAKTALEEM, Role.PRIVACY_OFFICER, at=wall_clock_now()):
            context, by = {"kind": KINDS[kind].name, "number": number, "url": url}, system_actor(ALERT)
            send_message(SECURITY_ALERT.code, to=user, client_id=PAKTALEEM, context=context, actor=by, at=client_now())
