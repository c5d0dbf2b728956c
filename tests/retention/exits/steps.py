"""Steps of exits for tests: propose, approve, export, download, carry out, erase."""

from datetime import datetime, timedelta
from typing import Any

from consent.register.models.agreements import ServiceAgreement
from paktaleem.directory.data_systems.models import Order
from paktaleem.directory.data_systems.states import Answer, Outcome, Section
from paktaleem.foundation.audit.actors import Reason
from paktaleem.office.exits.models import AgreementExit, ExitPart
from paktaleem.office.exits.services.ending import decide_exit, erase_chunk, propose_exit
from paktaleem.office.exits.services.exporting import collect_chunk, export_chunk, list_copy_orders, open_part
from retention.disposals.models import Batch
from retention.disposals.services.batches import flag_chunk
from retention.inventories.models import Inventory, InventoryLine
from retention.inventories.services import Count, answer_inventory
from tests.cast import Cast
from tests.retention.disposals.steps import WORKER, answer, certify, order_all

DAY = timedelta(days=1)
WHY: Any = {"reason": Reason.AGREEMENT_CHANGE}


def agreement() -> ServiceAgreement:
    found: ServiceAgreement = ServiceAgreement.objects.get(reference="MSA-indus")
    return found


def proposed(cast: Cast, at: datetime, choice: str = "delete", name: str = "farah") -> AgreementExit:
    return propose_exit(agreement(), choice=choice, ground="The client leaves.", actor=cast.actor(name), at=at)


def approved(cast: Cast, at: datetime, choice: str = "delete") -> AgreementExit:
    return decide_exit(proposed(cast, at, choice), approve=True, actor=cast.actor("amina"), at=at)


def collected(cast: Cast, row: AgreementExit, at: datetime, *, size: int = 1_000) -> None:
    """Let every system answer that it gives its data: the LMS gives a section, the others hold nothing."""
    while collect_chunk(row, actor=WORKER, at=at, size=size):
        pass
    for order in list_copy_orders(row).open():
        given = Answer(Outcome.DONE, sections=(Section("content", {"essay": "My town"}),))
        answer(cast, order, given if order.system.code == "lms" else Answer(Outcome.NOT_FOUND), at=at)
    assert not collect_chunk(row, actor=WORKER, at=at)


def ready_to_export(cast: Cast, at: datetime) -> AgreementExit:
    row = approved(cast, at, "return")
    collected(cast, row, at)
    row.refresh_from_db()
    return row


def exported(row: AgreementExit, at: datetime, *, size: int = 2) -> None:
    while export_chunk(row, actor=WORKER, at=at, size=size):
        pass


def fetched(row: AgreementExit, actor: Any, at: datetime) -> list[bytes]:
    parts = ExitPart.objects.filter(exit=row)
    return [b"".join(open_part(part, actor=actor, at=at, **WHY)) for part in parts]


def flag_and_order(at: datetime) -> Batch:
    batch = Batch.objects.get(ended_at=None)
    while flag_chunk(batch.sweep, actor=WORKER, at=at):
        pass
    batch.refresh_from_db()
    return order_all(batch, at)


def carried_out(cast: Cast, at: datetime) -> None:
    batch = flag_and_order(at)
    for order in Order.objects.filter(state="queued"):
        answer(cast, order, at=at)
    if batch.ended_at is None:
        certify(batch, at)
    for inventory in Inventory.objects.open().select_related("system"):
        count_people(cast, inventory, 0, at)


def count_people(cast: Cast, inventory: Inventory, people: int, at: datetime) -> None:
    """Let a system answer that it holds every kind of data of this many people; staff answer for one without a key."""
    codes = InventoryLine.objects.filter(inventory=inventory).values_list("category", flat=True)
    actor = cast.actor("amina") if inventory.system.code == "billing" else cast.key_actor("indus")
    answer_inventory(inventory, [Count(code, people) for code in codes], actor=actor, at=at)


def erased(row: AgreementExit, at: datetime, *, size: int = 2) -> None:
    while erase_chunk(row, actor=WORKER, at=at, size=size):
        pass
    row.refresh_from_db()
