"""What the worker does about answers on paper."""

from uuid import UUID

from procrastinate.contrib.django import app

from consent.paper.services.sheets import GO_ON, confirm_some
from paktaleem.accounts.models import Client
from paktaleem.clock import now_here
from paktaleem.tenancy.context import in_client

__all__ = ["confirm_matched_rows"]


@app.task(name=GO_ON, pass_context=False)
def confirm_matched_rows(client: str, sheet: str) -> None:
    """Confirm the matched rows of a sheet, each person in a transaction of their own; run again, it goes on."""
    client_id, after = UUID(client), 0
    while True:
        with in_client(client_id):
            found = confirm_some(UUID(sheet), client=Client.objects.get(id=client_id), after=after, at=now_here())
        if found is None:
            return
        after = found
