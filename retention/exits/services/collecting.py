"""The data at the systems, which they give before the export is written, so that the client gets all of it back."""

from datetime import datetime, timedelta

from django.db import transaction

from paktaleem.directory.data_systems.models.orders import Ground, Order, OrderKind, OrderQuerySet
from paktaleem.directory.data_systems.selectors import Parent, categories_held
from paktaleem.directory.data_systems.services.issuing import OrderSpec
from paktaleem.directory.data_systems.services.sets import issue_orders_for_set
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.actors import Reason
from retention.exits.models import AgreementExit, ExitStage
from retention.exits.services.steps import CASE, lock_exit, record_exit

_AT_ONCE = 1_000
"""People about whom the systems are ordered in one transaction."""
_TIME_TO_ANSWER = timedelta(days=14)


@transaction.atomic
def collect_chunk(row: AgreementExit, *, actor: Actor, at: datetime, size: int = _AT_ONCE) -> bool:
    """Order every system to give the data of the next people; return True if more are left (GDPR Art. 28(3)).

    Once every order is answered or waived, the export may be written. The cursor moves in the same transaction as the
    orders, so that a killed worker loses and doubles nothing. Raises NotAllowed.
    """
    require(actor, Capability.CARRY_OUT_EXITS, row.client_id)
    row = lock_exit(row.pk, client_id=row.client_id)
    if row.stage != ExitStage.COLLECTING or row.paused_at is not None:
        return False
    rows = Subject.objects.filter(client_id=row.client_id, erased_at=None).order_by("pk")
    people = list((rows if row.cursor is None else rows.filter(pk__gt=row.cursor)).values_list("pk", flat=True)[:size])
    categories = categories_held(row.client_id, at=at)
    if people and categories:
        spec = _build_spec(row, categories, at)
        chosen = Subject.objects.filter(pk__in=people)
        issue_orders_for_set(chosen, spec, client_id=row.client_id, actor=actor, at=at)
        row.cursor = people[-1]
        row.save(update_fields=["cursor"])
        return True
    if not list_copy_orders(row).open().exists():
        row.stage, row.cursor = ExitStage.EXPORTING, None
        row.save(update_fields=["stage", "cursor"])
        record_exit("exit.systems_answered", row, actor, at)
    return False


def list_copy_orders(row: AgreementExit) -> OrderQuerySet:
    """List the orders by which systems give their data for an exit."""
    own = {"client_id": row.client_id, "parent_kind": CASE, "parent_id": row.pk, "kind": OrderKind.COLLECT.value}
    found: OrderQuerySet = Order.objects.filter(**own)
    return found


def _build_spec(row: AgreementExit, categories: frozenset[str], at: datetime) -> OrderSpec:
    return OrderSpec(
        kind=OrderKind.COLLECT,
        categories=categories,
        reason=Reason.AGREEMENT_CHANGE,
        ground=Ground.AGREEMENT_ENDED,
        due_at=at + _TIME_TO_ANSWER,
        parent=Parent(CASE, row.pk),
    )
