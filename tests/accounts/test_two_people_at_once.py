"""The person who requests a change never approves it, also if several people approve at the same time.

``make test-deep`` tries it a thousand times.
"""

import os
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from threading import Barrier
from typing import Any
from uuid import UUID

from django.db import connections

from consent.sharing.models import LegalDisclosure
from consent.sharing.services import decide_legal_disclosure, request_legal_disclosure
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.second_person import ApproverIsRequester, ChangeAlreadyDecided, ChangeState
from paktaleem.foundation.tenancy.context import in_client
from tests.consent.making import officer
from tests.sharing.making import demand

TRIES = int(os.environ.get("TWO_PEOPLE_TRIES", "20"))


class Approving:
    """People who approve the same change in threads of their own, released at once."""

    def __init__(self, people: list[Actor], client_id: UUID, at: datetime) -> None:
        self.people, self.client_id, self.at = people, client_id, at
        self.barrier = Barrier(len(people), timeout=60)

    def approve(self, pool: ThreadPoolExecutor, change: UUID) -> list[str]:
        """Return what came of each person's approval, in the order of the people."""
        return list(pool.map(lambda person: self._approve_as(person, change), self.people))

    def _approve_as(self, person: Actor, change: UUID) -> str:
        try:
            with in_client(self.client_id):
                row = LegalDisclosure.objects.get(pk=change)
                self.barrier.wait()
                decide_legal_disclosure(row, approve=True, actor=person, at=self.at)
        except (ApproverIsRequester, ChangeAlreadyDecided) as refusal:
            return type(refusal).__name__
        finally:
            connections.close_all()
        return "approved"


def test_the_requester_never_approves_when_three_people_approve_at_once(committed, now):
    requester, first, second = people = [officer() for _ in range(3)]
    client_id = committed.client_id("indus")
    approving = Approving(people, client_id, now)
    with ThreadPoolExecutor(len(people)) as pool:
        for _ in range(TRIES):
            with in_client(client_id):
                danish = committed.subject("danish")
                change = request_legal_disclosure(danish, demand(now), actor=requester, at=now).pk
            own, *others = approving.approve(pool, change)
            with in_client(client_id):
                row: Any = LegalDisclosure.objects.get(pk=change)
            assert own in {"ApproverIsRequester", "ChangeAlreadyDecided"}
            assert sorted(others) == ["ChangeAlreadyDecided", "approved"]
            assert row.state == ChangeState.APPROVED
            assert row.settled_by == (first, second)[others.index("approved")].id
