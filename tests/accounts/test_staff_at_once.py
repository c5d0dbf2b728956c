"""Officers who propose the same for one person at once: one proposal waits, and the others are refused."""

from concurrent.futures import ThreadPoolExecutor

from django.db import connections

from paktaleem.foundation.accounts.models import Membership
from paktaleem.foundation.accounts.staff_changes import StaffChange
from paktaleem.foundation.accounts.staff_services import AlreadyProposed, change_membership
from paktaleem.foundation.tenancy.context import in_client

TIMES = 8


def test_one_of_many_simultaneous_proposals_of_a_role_waits(committed, now):
    client_id, bilal = committed.client_id("indus"), committed.user_id("bilal")

    def propose(_):
        row = Membership(client_id=client_id, user_id=bilal, role="client_admin")
        try:
            with in_client(client_id):
                return type(change_membership(row, actor=committed.actor("amina"), reason="onboarding", at=now))
        except AlreadyProposed as refused:
            return type(refused)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(TIMES) as pool:
        found = list(pool.map(propose, range(TIMES)))
    assert sorted(found, key=str) == sorted([StaffChange] + [AlreadyProposed] * (TIMES - 1), key=str)
