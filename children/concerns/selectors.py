"""Reading concerns; what was written stays sealed."""

from django.db.models import QuerySet

from children.concerns.models import Concern
from paktaleem.accounts.actors import Actor, require
from paktaleem.accounts.roles import Capability

__all__ = ["concerns"]


def concerns(actor: Actor) -> QuerySet[Concern]:
    """List the concerns of every client the actor may see."""
    require(actor, Capability.VIEW_CONCERNS)
    return Concern.objects.select_related("child", "guardian").defer("text", "contact")
