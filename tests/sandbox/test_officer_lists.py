"""In an officer's lists of all clients, the rows of a sandbox are due by the sandbox's own clock."""

from datetime import timedelta
from typing import Any

from paktaleem.foundation.clock import client_now, wall_clock_now
from paktaleem.foundation.tenancy.context import in_client
from rights.requests.services import receive_request
from tests.cast import Cast
from tests.factories import SETTING_UP
from tests.sandbox.making import Sandbox
from tests.signing_in import browser_of

DAY = timedelta(days=1)
LIST = "/admin/rights/rightsrequest/"


def receive(client: Any, days_ago: int) -> Any:
    details: dict[str, Any] = {
        "channel": "form",
        "language": "en",
        "actor": SETTING_UP,
        "at": client_now() - days_ago * DAY,
    }
    return receive_request(client, kinds=["question"], subject=None, **details)


def numbers_of(browser: Any, progress: str) -> set[str]:
    return {row.number for row in browser.get(f"{LIST}?progress={progress}").context["cl"].result_list}


def test_a_request_of_a_sandbox_is_overdue_by_its_own_clock(cast: Cast, sandbox: Sandbox) -> None:
    sandbox.move(days=400)
    with in_client(sandbox.id):
        late, soon, new = (receive(sandbox.client, days) for days in (40, 25, 1))
        assert late.due_at > wall_clock_now() + 300 * DAY
    with in_client(cast.client_id("indus")):
        own = receive(cast.client("indus"), 25)
    amina = browser_of(cast.user("amina"))
    assert numbers_of(amina, "overdue") == {late.number}
    assert numbers_of(amina, "due_soon") == {soon.number, own.number}
    assert numbers_of(amina, "open") >= {late.number, soon.number, new.number, own.number}
    page = amina.get(f"{LIST}?progress=overdue").content.decode()
    assert "days late" in page
    cards = {str(card.title): card for card in amina.get("/admin/").context["attention"]}
    assert cards["Rights requests overdue"].value == "1"
    assert cards["Rights requests due soon"].value == "2"
