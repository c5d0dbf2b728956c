"""Background tasks for links and codes."""

from uuid import UUID

from procrastinate.contrib.django import app

from paktaleem.directory.access_links.services import SEND_CODES, CodeRequest, send_codes
from paktaleem.foundation.accounts.actors import system_actor
from paktaleem.foundation.clock import wall_clock_now
from paktaleem.foundation.tenancy.context import in_client


@app.task(name=SEND_CODES, pass_context=False)
def send_requested_codes(  # noqa: PLR0917 -- arguments of a job
    client: str, page: str, language: str, field: str, index: str, link: str | None, knock: str
) -> None:
    client_id = UUID(client)
    asked = CodeRequest(client_id, page, language, field, bytes.fromhex(index), UUID(link) if link else None)
    with in_client(client_id):
        send_codes(asked, knock=bytes.fromhex(knock), actor=system_actor(SEND_CODES), at=wall_clock_now())
