"""Background task that gathers a pack, section by section."""

from uuid import UUID

from procrastinate.contrib.django import app

from paktaleem.foundation.accounts.actors import system_actor
from paktaleem.foundation.clock import client_now
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.office.reports.regulator.services import GATHER, fail_pack, gather_section


@app.task(name=GATHER, pass_context=False)
def gather_pack(client: str, pack: str) -> None:
    """Gather a pack, a transaction for each section; one that fails is shown to staff, and the fault is raised."""
    client_id, key, actor, more = UUID(client), UUID(pack), system_actor(GATHER), True
    try:
        while more:
            with in_client(client_id):
                more = gather_section(key, client_id=client_id, actor=actor, at=client_now())
    except Exception:
        with in_client(client_id):
            fail_pack(key, client_id=client_id, actor=actor, at=client_now())
        raise
