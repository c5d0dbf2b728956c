"""Background task that orders inventories."""

from datetime import datetime
from uuid import UUID

from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.tasks import each_client
from retention.inventories.services import order_monthly


@each_client("inventories.order_monthly", cron="25 19 * * *")
def order_monthly_inventories(client_id: UUID, actor: Actor, at: datetime) -> None:
    """Every day, order an inventory of each system of which none was ordered in the last month."""
    order_monthly(client_id, actor, at)
