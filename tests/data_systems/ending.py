"""Acts on systems and checks of sets of orders, shared by tests."""

from datetime import datetime

from django.db import connection

from paktaleem.directory.data_systems.models import OrderSet, System
from paktaleem.directory.data_systems.selectors import HASH_OF_SET
from paktaleem.directory.data_systems.services.registering import end_system, propose_system_end
from paktaleem.foundation.audit.actors import Reason
from tests.cast import Cast
from tests.factories import SETTING_UP


def end_by_two_people(cast: Cast, system: System, *, at: datetime) -> None:
    propose_system_end(system, ground="It holds no data.", actor=SETTING_UP, reason=Reason.REVIEW, at=at)
    end_system(system, actor=cast.actor("amina"), reason=Reason.REVIEW, at=at)


def is_set_intact(order_set: OrderSet) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT count(*), {HASH_OF_SET} FROM data_systems_order WHERE client_id = %s AND order_set_id = %s",  # noqa: S608 -- an expression of the source
            [order_set.client_id, order_set.pk],
        )
        [count, found] = cursor.fetchone()
    return (count, found) == (order_set.size, order_set.orders_hash)
