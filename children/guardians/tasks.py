"""Background tasks that call the providers of guardian checks. Providers may be slow: no transaction is open meanwhile.

After a crash the row of the check still holds its state; the next round calls again with the same reference.
"""

from collections.abc import Callable
from uuid import UUID

import structlog
from django.core.exceptions import ValidationError
from procrastinate.contrib.django import app

from children.guardians.models import OPEN_CHECKS, ProviderCheck
from children.guardians.providers import NotSigned, ProviderUnknown
from children.guardians.services.checks import (
    ASK,
    BEGIN,
    find_check_to_query,
    find_check_to_start,
    record_check_result,
    record_check_started,
)
from paktaleem.directory.people.services.erasure import AlreadyErased
from paktaleem.foundation.clock import client_now
from paktaleem.foundation.operations.jobs import do_each
from paktaleem.foundation.tenancy.context import as_officer, in_client

log = structlog.stdlib.get_logger(__name__)
ROUND = "children.ask_providers"
OPEN_CHECKS_AT_ONCE = 200
_NOT_NOW = (ProviderUnknown, NotSigned, AlreadyErased, ValidationError, OSError)


@app.task(name=BEGIN, pass_context=False)
def begin(client: str, check: str) -> None:
    """Have a provider start one check. Does nothing if it is already started."""
    _try(_begin, UUID(client), UUID(check))


@app.task(name=ASK, pass_context=False)
def ask(client: str, check: str) -> None:
    """Request the result of one check from its provider. Does nothing if the result is already known."""
    _try(_ask, UUID(client), UUID(check))


@app.periodic(cron="*/5 * * * *", periodic_id="ask_providers")
@app.task(name=ROUND, queueing_lock=ROUND, pass_context=False)
def process_open_checks(timestamp: int) -> None:
    """Every five minutes, start the checks not started yet and request the results still missing."""
    del timestamp
    with as_officer():
        open_ones = ProviderCheck.objects.filter(state__in=OPEN_CHECKS).order_by()
        clients = list(open_ones.values_list("client_id", flat=True).distinct())
    do_each(clients, _process_checks_of)


def _process_checks_of(client_id: UUID) -> None:
    with in_client(client_id):
        waiting = ProviderCheck.objects.filter(client_id=client_id, state__in=OPEN_CHECKS)
        checks = list(waiting.order_by("-started_at", "-id")[:OPEN_CHECKS_AT_ONCE])
    do_each(checks, lambda check: _try(_begin if check.is_requested else _ask, client_id, check.pk))


def _begin(client_id: UUID, check_id: UUID) -> None:
    with in_client(client_id):
        wanted = find_check_to_start(check_id, client_id=client_id, at=client_now())
    if wanted is None:
        return
    started = wanted()
    with in_client(client_id):
        record_check_started(check_id, started, client_id=client_id, at=client_now())


def _ask(client_id: UUID, check_id: UUID) -> None:
    with in_client(client_id):
        wanted = find_check_to_query(check_id, client_id=client_id, at=client_now())
    found = wanted() if wanted is not None else None
    if found is None:
        return
    with in_client(client_id):
        record_check_result(check_id, found, client_id=client_id, at=client_now())


def _try(act: Callable[[UUID, UUID], None], client_id: UUID, check_id: UUID) -> None:
    """Run ``act``; on an expected error log it and leave the check to the next round."""
    try:
        act(client_id, check_id)
    except _NOT_NOW as error:
        log.warning("A check provider could not be reached", error=type(error).__name__)
