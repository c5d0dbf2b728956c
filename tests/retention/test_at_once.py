"""An open incident always has its quarantine, also if another transaction ends one at the same time."""

from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any

import pytest
from django.db import connections, transaction

from children.guardians.models import Quarantine
from children.guardians.services.answers import quarantine, release
from paktaleem.foundation.accounts.acts import Refused
from paktaleem.foundation.tenancy.context import in_client
from retention.holdings.models import Incident, IncidentCause
from retention.holdings.services.incidents import close_manually, open_incident


def meanwhile(pool, client_id, act):
    """Start an act in a transaction of its own, and give it a second before this one commits."""

    def run():
        try:
            with in_client(client_id):
                return act()
        finally:
            connections.close_all()

    started = pool.submit(run)
    wait([started], timeout=1)
    return started


def test_a_release_waits_for_an_incident_that_is_being_opened(committed, now):
    client_id, amina = committed.client_id("indus"), committed.actor("amina")
    with ThreadPoolExecutor(1) as pool:
        with in_client(client_id):
            danish = committed.subject("danish")
            quarantine(danish, cause="report", actor=amina, at=now)
        with in_client(client_id), transaction.atomic():
            open_incident(danish, {"device"}, cause=IncidentCause.REVEALED, at=now)
            released = meanwhile(pool, client_id, lambda: release(danish, actor=amina, at=now))
        with pytest.raises(Refused):
            released.result(timeout=30)
    with in_client(client_id):
        assert Quarantine.objects.get().ends_at is None


def test_an_incident_opened_while_another_closes_has_a_quarantine_of_its_own(committed, now):
    client_id, amina = committed.client_id("indus"), committed.actor("amina")
    with ThreadPoolExecutor(1) as pool:
        with in_client(client_id):
            danish = committed.subject("danish")
            first = open_incident(danish, {"device"}, cause=IncidentCause.REVEALED, at=now)
        with in_client(client_id), transaction.atomic():
            close_manually(first, actor=amina, at=now)
            again: dict[str, Any] = {"cause": IncidentCause.REVEALED, "at": now}
            opened = meanwhile(pool, client_id, lambda: open_incident(danish, {"device"}, **again))
        assert opened.result(timeout=30).pk != first.pk
    with in_client(client_id):
        assert (Incident.objects.open().count(), Quarantine.objects.filter(ends_at=None).count()) == (1, 1)
