"""Background task: reviews of access are opened and closed."""

from datetime import datetime
from uuid import UUID

from paktaleem.directory.staff.access_reviews.services import advance_reviews
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.tasks import each_client


@each_client("access_reviews.advance", cron="43 * * * *")
def advance_all_reviews(client_id: UUID, actor: Actor, at: datetime) -> None:
    """Every hour, open reviews of access and lock what was not confirmed, each client by its own day."""
    advance_reviews(client_id, actor=actor, at=at)
