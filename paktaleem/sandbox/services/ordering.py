"""Make an order in a sandbox, so that a system can try to carry it out."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction

from paktaleem.directory.data_systems.models.orders import Ground, Order, OrderKind
from paktaleem.directory.data_systems.models.systems import System
from paktaleem.directory.data_systems.selectors import NoSystem
from paktaleem.directory.data_systems.services.issuing import OrderSpec, issue_orders
from paktaleem.directory.people.selectors import get_subject
from paktaleem.foundation.accounts.actors import Actor, sandbox_actor
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.audit.actors import Reason
from paktaleem.sandbox.services.access import get_sandbox

_DUE_IN = timedelta(days=30)


@transaction.atomic
def make_order(
    client: Client,
    *,
    external_id: str,
    kind: OrderKind | str,
    system: System,
    categories: Iterable[str] = (),
    new_values: Mapping[str, str | None] | None = None,
    actor: Actor,
    at: datetime,
) -> Order:
    """Issue an order about a person of a sandbox to one system, due in 30 days, with the sandbox as actor.

    Without ``categories`` it covers all that the system holds. Orders of other clients follow from acts, such as a
    request, and go to every system. Raises SubjectUnknown, SubjectErased, ErasureInProgress unless it is to erase,
    ValidationError naming the field, NoSystem if the system has ended, NotASandbox, NotAllowed.
    """
    client = get_sandbox(client.pk, actor=actor)
    sandbox, wanted = sandbox_actor(client.pk), frozenset(categories) or frozenset(system.categories)
    unknown = sorted(wanted - set(system.categories))
    if unknown:
        allowed = ", ".join(sorted(system.categories))
        raise ValidationError(
            {"categories": [f"{system.code} does not hold {', '.join(unknown)}. Allowed: {allowed}."]}
        )
    spec = OrderSpec(
        kind=OrderKind(kind),
        categories=wanted,
        reason=Reason.SUBJECT_REQUEST,
        ground=Ground.RIGHT_OF_THE_PERSON,
        due_at=at + _DUE_IN,
    )
    subject = get_subject(external_id, actor=sandbox)
    issued = issue_orders(subject, spec, new_values=new_values, only_to=[system], actor=sandbox, at=at)
    if not issued:
        raise NoSystem
    return issued[0]
