"""A process killed (SIGKILL) while it sweeps and orders: the next one completes it, without loss or doubling.

``make test-deep`` runs it with 100,000 holdings.
"""

from datetime import timedelta
from random import Random
from typing import Any

from django.db import connection
from django.db.models import Count

from paktaleem.directory.data_systems.models import Order, OrderSet
from paktaleem.foundation.tenancy.context import in_client
from retention.disposals.models import Batch, Item
from retention.disposals.services.batches import approve_disposal, start_sweep
from tests.data_systems.ending import is_set_intact
from tests.factories import CAST_AT, SETTING_UP
from tests.faults.killing import run_killed
from tests.faults.size import sized
from tests.retention.disposals.steps import lms, rule_for

HOLDINGS, CHUNK, KILLS = sized(400, 100_000), sized(20, 500), sized(2, 30)
AT = CAST_AT + timedelta(days=100)
PEOPLE_AND_HOLDINGS = """
WITH made AS (
    INSERT INTO people_subject (id, client_id, external_id, role, language, full_name, is_enabled, registered_at,
        changed_at)
    SELECT gen_random_uuid(), %(client)s, 'many-' || n, 'student', 'en', '\\xabab'::bytea, true, %(at)s, %(at)s
    FROM generate_series(1, %(holdings)s) n
    RETURNING id
)
INSERT INTO holdings_holding (id, client_id, subject_id, category, system_id, system_owner, occasions, purposes, count,
    first_collected_at, last_collected_at)
SELECT gen_random_uuid(), %(client)s, id, 'contact_details', %(system)s, %(client)s, '[]', '["newsletter"]', 1,
    %(at)s, %(at)s
FROM made
"""


def test_a_killed_sweep_and_its_orders_are_completed_without_loss_or_doubling(committed):
    client_id, chance = committed.client_id("indus"), Random(17)  # noqa: S311 -- times, not secrets
    with in_client(client_id):
        rule_for(committed.client("indus"), at=CAST_AT)
        with connection.cursor() as cursor:
            values: dict[str, Any] = {"client": client_id, "holdings": HOLDINGS, "system": lms().pk, "at": CAST_AT}
            cursor.execute(PEOPLE_AND_HOLDINGS, values)
        sweep = start_sweep(client_id, actor=SETTING_UP, at=AT)
    assert run_killed(client_id, "flag", sweep.pk, size=CHUNK, kills=KILLS, at=AT, chance=chance) == KILLS
    with in_client(client_id):
        sweep.refresh_from_db()
        assert (sweep.checked, sweep.flagged) == (HOLDINGS, HOLDINGS)
        batch = Batch.objects.get()
        assert (batch.size, batch.stage) == (HOLDINGS, "review")
        assert not Item.objects.values("holding").annotate(n=Count("pk")).filter(n__gt=1).exists()
        Batch.objects.update(size=1)  # so that one person may approve it
        batch = approve_disposal(batch, actor=committed.actor("farah"), at=AT)
    later = AT + timedelta(days=1)
    assert run_killed(client_id, "order", batch.pk, size=CHUNK, kills=KILLS, at=later, chance=chance) == KILLS
    with in_client(client_id):
        assert dict(Item.objects.values_list("state").annotate(Count("pk"))) == {"ordered": HOLDINGS}
        assert Order.objects.count() == Order.objects.values("subject").distinct().count() == HOLDINGS
        assert sum(OrderSet.objects.values_list("size", flat=True)) == HOLDINGS
        assert all(is_set_intact(one) for one in OrderSet.objects.all())
        batch.refresh_from_db()
        assert batch.stage == "verifying"
