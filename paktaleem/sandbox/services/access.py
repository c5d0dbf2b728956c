"""Who may play, and where: sandboxes alone."""

from uuid import UUID

from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability

__all__ = ["NotASandbox", "get_sandbox", "lock_sandbox"]


class NotASandbox(PermissionError):
    """The client is not marked sandbox, and never will be: real people's clocks and states are not played with."""


def lock_sandbox(client_id: UUID, *, actor: Actor) -> Client:
    """Return the sandbox, locked to the end of the transaction. Raises NotASandbox, NotAllowed."""
    get_sandbox(client_id, actor=actor)
    return Client.objects.select_for_update().get(pk=client_id)


def get_sandbox(client_id: UUID, *, actor: Actor) -> Client:
    """Return the sandbox of whoever may play with it. Raises NotASandbox, NotAllowed."""
    require(actor, Capability.USE_SANDBOX, client_id)
    client = Client.objects.get(pk=client_id)
    if not client.is_sandbox:
        raise NotASandbox
    return client
