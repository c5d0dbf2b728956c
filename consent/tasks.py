"""Background tasks of notices and consents."""

from datetime import datetime
from uuid import UUID

import structlog
from procrastinate.contrib.django import app

from consent.consents.services.restrictions import ISSUE_LIMIT_ORDERS, LimitStep, issue_limit_orders
from consent.consents.services.revocation import request_renewals
from consent.notices.services.announcements import list_clients_to_follow, process_client
from consent.notices.services.publishing import FOLLOW_ANNOUNCEMENTS
from paktaleem.foundation.accounts.actors import Actor, system_actor
from paktaleem.foundation.accounts.selectors import list_due_clients
from paktaleem.foundation.accounts.tasks import each_client
from paktaleem.foundation.clock import client_now, wall_clock_now
from paktaleem.foundation.operations.jobs import do_for_clients
from paktaleem.foundation.tenancy.context import as_officer, in_client

log = structlog.stdlib.get_logger(__name__)


@app.task(name=ISSUE_LIMIT_ORDERS, pass_context=False)
def order_limit(client: str, limit: str, step: str, reason: str) -> None:
    """Issue the orders of one step of a restriction or an objection; idempotent."""
    client_id, actor = UUID(client), system_actor(ISSUE_LIMIT_ORDERS)
    with in_client(client_id):
        issue_limit_orders(
            UUID(limit), LimitStep(step), client_id=client_id, actor=actor, reason=reason, at=client_now()
        )


@app.task(name=FOLLOW_ANNOUNCEMENTS, pass_context=False)
def process_announcements() -> None:
    """Notify clients of announced notices, record proofs and effects, send reminders. Idempotent."""
    actor = system_actor(FOLLOW_ANNOUNCEMENTS)
    with as_officer():
        clients = list_due_clients(list_clients_to_follow, at=wall_clock_now())
    do_for_clients(clients, lambda client_id, at: process_client(client_id, actor=actor, at=at))


@app.periodic(cron="* * * * *", periodic_id="follow_announcements")
@app.task(name="consent.follow_each_minute", queueing_lock="consent.follow_each_minute", pass_context=False)
def follow_each_minute(timestamp: int) -> None:
    del timestamp
    process_announcements()


@each_client("consent.ask_about_renewal", cron="7 * * * *")
def ask_about_renewal(client_id: UUID, actor: Actor, at: datetime) -> None:
    """Record, every hour, requests to renew consents that will soon expire."""
    if count := request_renewals(client_id, actor=actor, at=at):
        log.info("Requested renewal of consents.", count=count)
