"""Orders that follow when the authorisation of the service for a child ends or is in force again (policy §8).

The systems stop using the data at once. It is erased when its retention rule says so: the withdrawal starts the period.
"""

from datetime import datetime, timedelta

from children.guardians.models.authorisations import ServiceAuthorisation
from consent.consents.models.consents import Restriction
from paktaleem.directory.data_systems.models.orders import Ground, Order, OrderKind
from paktaleem.directory.data_systems.selectors import Parent, categories_held
from paktaleem.directory.data_systems.services.issuing import OrderSpec, issue_orders
from paktaleem.foundation.accounts.actors import system_actor
from paktaleem.foundation.audit.actors import Reason

SERVICE = "service_answer"
"""The kind of parent of these orders: a guardian's answer about the service."""
_DUE = timedelta(days=3)
_ACTOR = system_actor("consent.service_orders")


def order_after_service_change(answer: ServiceAuthorisation, is_authorised: bool, at: datetime) -> None:  # noqa: FBT001 -- the extension point's
    """Order every system to stop using the child's data, or to go on with it; ``guardians.service_changed``.

    Systems that were not ordered to stop are not ordered to go on, and neither are those of a child whose processing is
    restricted. A child who is being erased gets no such orders.
    """
    child = answer.child
    if child.erased_at is not None or child.is_being_erased:
        return
    own = {"client_id": child.client_id, "subject": child}
    stopped = Order.objects.filter(**own, parent_kind=SERVICE, kind=OrderKind.RESTRICT).exists()
    if is_authorised and (not stopped or Restriction.objects.active(at).filter(**own).exists()):
        return
    categories = categories_held(child.client_id, at=at)
    if not categories:
        return
    spec = OrderSpec(
        kind=OrderKind.LIFT_RESTRICTION if is_authorised else OrderKind.RESTRICT,
        categories=categories,
        reason=Reason.SUBJECT_REQUEST,
        ground=Ground.RIGHT_OF_THE_PERSON if is_authorised else Ground.CONSENT_ENDED,
        due_at=at + _DUE,
        parent=Parent(SERVICE, answer.pk),
    )
    issue_orders(child, spec, actor=_ACTOR, at=at)
