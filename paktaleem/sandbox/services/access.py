"""Access to sandboxes, and to no other clients."""

from http import HTTPStatus
from uuid import UUID

from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.errors import PortalError, Problem


class NotASandbox(PortalError, PermissionError):
    """The client is not a sandbox and cannot become one: its clock and states are not changed."""

    problem = Problem(
        "not-a-sandbox",
        HTTPStatus.FORBIDDEN,
        "This client is not a sandbox",
        "Ask PakTaleem for a sandbox: a separate client with test keys that begin with ptk_test_.",
    )
    console_message = "This client is no sandbox."


def lock_sandbox(client_id: UUID, *, actor: Actor) -> Client:
    """Return the sandbox, locked until the end of the transaction. Raises NotASandbox, NotAllowed."""
    get_sandbox(client_id, actor=actor)
    return Client.objects.select_for_update().get(pk=client_id)


def get_sandbox(client_id: UUID, *, actor: Actor) -> Client:
    """Return the sandbox if the actor may use it. Raises NotASandbox, NotAllowed."""
    require(actor, Capability.USE_SANDBOX, client_id)
    client = Client.objects.get(pk=client_id)
    if not client.is_sandbox:
        raise NotASandbox
    return client
