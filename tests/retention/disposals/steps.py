"""Steps of disposals for tests: flag, approve, order, answer."""

from typing import Any

from paktaleem.directory.data_systems.models import System
from paktaleem.directory.data_systems.services.fulfilment import accept_order, complete_order
from paktaleem.directory.data_systems.states import Answer, Outcome
from paktaleem.foundation.accounts.actors import system_actor
from retention.disposals.models import Batch, Item
from retention.disposals.services.batches import approve_disposal, flag_chunk, start_sweep
from retention.disposals.services.executing import certify_if_answered, order_chunk
from tests.retention.schedule.making import DAY, make_holding, make_rule

WORKER = system_actor("tests")
CATEGORY = "contact_details"


def lms():
    return System.objects.get(code="lms")


def hold_data(cast, name, *, at, category=CATEGORY, **values):
    """Create a holding of the newsletter's data in the LMS, collected 60 days before ``at``."""
    given: dict[str, Any] = {"collected_at": at - 60 * DAY, "system": lms(), **values}
    return make_holding(cast.subject(name), category, given.pop("purposes", ["newsletter"]), **given)


def rule_for(client, *, at, category=CATEGORY, purpose="newsletter", **values):
    """Save a rule: 30 days after the collection, then delete."""
    return make_rule(client.pk, purpose, category, at=at, **values)


def sweep(client_id, at, *, size=20_000):
    """Sweep a client to the end, in chunks of ``size`` holdings."""
    found = start_sweep(client_id, actor=WORKER, at=at)
    while flag_chunk(found, actor=WORKER, at=at, size=size):
        pass
    found.refresh_from_db()
    return found


def approved(cast, at, *, by="farah"):
    batch = Batch.objects.get(stage="review")
    return approve_disposal(batch, actor=cast.actor(by), at=at)


def order_all(batch, at, *, size=10_000):
    """Issue all orders of a batch, in chunks of ``size`` holdings."""
    while order_chunk(batch, actor=WORKER, at=at, size=size):
        pass
    batch.refresh_from_db()
    return batch


def ordered(cast, at):
    """Sweep, approve and order; the orders are issued a day after the approval."""
    client_id = cast.client_id("indus")
    sweep(client_id, at)
    return order_all(approved(cast, at), at + DAY)


def answer(cast, order, given=None, *, at):
    """Let the LMS answer an order, by default that it is done."""
    counts = dict.fromkeys(order.categories, 1)
    by: dict[str, Any] = {"actor": cast.key_actor("indus"), "at": at}
    return complete_order(accept_order(order, **by), given or Answer(Outcome.DONE, counts=counts), **by)


def certify(batch, at):
    """Do what the worker does after the last answer."""
    batch.refresh_from_db()
    return certify_if_answered(batch, actor=WORKER, at=at)


def states():
    """Return the state of each item by the person's LMS id."""
    return {str(item.subject.external_id): item.state for item in Item.objects.select_related("subject")}
