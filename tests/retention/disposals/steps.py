"""Steps of disposals for tests: flag, approve, order, answer."""

from datetime import datetime
from typing import Any

from paktaleem.directory.data_systems.models import Order, System
from paktaleem.directory.data_systems.services.fulfilment import accept_order, complete_order
from paktaleem.directory.data_systems.states import Answer, Outcome
from paktaleem.foundation.accounts.actors import system_actor
from retention.disposals.models import Batch, Item, Sweep
from retention.disposals.services.batches import approve_disposal, flag_chunk, start_sweep
from retention.disposals.services.executing import certify_if_answered, order_chunk
from retention.holdings.models import Holding
from tests.cast import Cast
from tests.retention.schedule.making import DAY, make_holding, make_rule

WORKER = system_actor("tests")
CATEGORY = "contact_details"


def lms() -> System:
    return System.objects.get(code="lms")


def hold_data(cast: Cast, name: str, *, at: datetime, category: str = CATEGORY, **values: Any) -> Holding:
    """Create a holding of the newsletter's data in the LMS, collected 60 days before ``at``."""
    given: dict[str, Any] = {"collected_at": at - 60 * DAY, "system": lms(), **values}
    return make_holding(cast.subject(name), category, given.pop("purposes", ["newsletter"]), **given)


def rule_for(client: Any, *, at: datetime, category: str = CATEGORY, purpose: str = "newsletter", **values: Any) -> Any:
    """Save a rule: 30 days after the collection, then delete."""
    return make_rule(client.pk, purpose, category, at=at, **values)


def sweep(client_id: Any, at: datetime, *, size: int = 20_000) -> Sweep:
    """Sweep a client to the end, in chunks of ``size`` holdings."""
    found = start_sweep(client_id, actor=WORKER, at=at)
    while flag_chunk(found, actor=WORKER, at=at, size=size):
        pass
    found.refresh_from_db()
    return found


def approved(cast: Cast, at: datetime, *, by: str = "farah") -> Batch:
    batch = Batch.objects.get(stage="review")
    return approve_disposal(batch, actor=cast.actor(by), at=at)


def order_all(batch: Batch, at: datetime, *, size: int = 10_000) -> Batch:
    """Issue all orders of a batch, in chunks of ``size`` holdings."""
    while order_chunk(batch, actor=WORKER, at=at, size=size):
        pass
    batch.refresh_from_db()
    return batch


def ordered(cast: Cast, at: datetime) -> Batch:
    """Sweep, approve and order; the orders are issued a day after the approval."""
    client_id = cast.client_id("indus")
    sweep(client_id, at)
    return order_all(approved(cast, at), at + DAY)


def answer(cast: Cast, order: Order, given: Answer | None = None, *, at: datetime) -> Order:
    """Let the LMS answer an order, by default that it is done."""
    counts = dict.fromkeys(order.categories, 1)
    by: dict[str, Any] = {"actor": cast.key_actor("indus"), "at": at}
    return complete_order(accept_order(order, **by), given or Answer(Outcome.DONE, counts=counts), **by)


def certify(batch: Batch, at: datetime) -> Any:
    batch.refresh_from_db()
    return certify_if_answered(batch, actor=WORKER, at=at)


def states() -> dict[str, str]:
    return {str(item.subject.external_id): item.state for item in Item.objects.select_related("subject")}
