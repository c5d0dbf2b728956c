"""Background tasks of answers on paper."""

from uuid import UUID

from procrastinate.contrib.django import app

from consent.paper.services.sheets import (
    CONFIRM_MATCHED,
    confirm_batch,
    find_limit_of_sheet,
)
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.clock import client_now
from paktaleem.foundation.tenancy.context import in_client


@app.task(name=CONFIRM_MATCHED, pass_context=False)
def confirm_matched_rows(client: str, sheet: str) -> None:
    """Confirm the matched rows of a sheet, one transaction per person, within the schools of the uploader.

    Idempotent.
    """
    client_id, after = UUID(client), 0
    with in_client(client_id):
        limit = find_limit_of_sheet(UUID(sheet))
    while True:
        with in_client(client_id, schools=limit):
            found = confirm_batch(UUID(sheet), client=Client.objects.get(id=client_id), after=after, at=client_now())
        if found is None:
            return
        after = found
