"""In an officer's lists of all clients, the rows of a sandbox are due by the sandbox's own clock."""

from datetime import UTC, datetime, timedelta
from typing import Any

from consent.agreements.services import suspend_agreement
from consent.register.models.agreements import Instruction, ServiceAgreement
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.history import save_tracked
from paktaleem.foundation.clock import client_now, wall_clock_now
from paktaleem.foundation.tenancy.context import in_client
from rights.requests.services.intake import receive_request
from tests.breaches.making import make_breach
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


def people_of(browser: Any, query: str, page: str = "subjects/subject") -> set[str]:
    rows = browser.get(f"/admin/{page}/{query}").context["cl"].result_list
    return {row.external_id for row in rows}


def test_a_child_of_a_sandbox_is_of_age_by_its_own_clock(cast: Cast, sandbox: Sandbox) -> None:
    thirteen = datetime(2030, 5, 4, tzinfo=UTC)
    amina = browser_of(cast.user("amina"))
    sandbox.move(days=(thirteen - wall_clock_now()).days - 20)
    assert "p-child" in people_of(amina, "?age=child")
    assert "p-child" in people_of(amina, "?when=30", "ageing/comingofage")
    sandbox.move(days=30)
    assert "p-child" not in people_of(amina, "?age=child")
    assert "p-child" in people_of(amina, "?age=of_age")
    assert "p-child" not in people_of(amina, "", "ageing/comingofage")
    assert "lms-danish" in people_of(amina, "?age=child"), "other clients keep the real time"


def test_the_hours_left_of_a_breach_are_of_its_own_clock(cast: Cast, sandbox: Sandbox) -> None:
    sandbox.move(days=400)
    with in_client(sandbox.id):
        make_breach(sandbox.client, actor=cast.actor("amina"), at=client_now())
    [card] = [
        one
        for one in browser_of(cast.user("amina")).get("/admin/").context["attention"]
        if one.title == "Personal-data breaches"
    ]
    assert card.note.startswith(("70 hours left", "71 hours left"))


def test_what_can_be_done_with_a_row_of_a_sandbox_follows_its_own_clock(cast: Cast, sandbox: Sandbox) -> None:
    """An officer ends a period that has started by the sandbox's clock; by the real one it is still to come."""
    with in_client(sandbox.id):
        row = Instruction.objects.filter(client_id=sandbox.id).first()
        assert row is not None
        row.starts_at = wall_clock_now() + 30 * DAY
        save_tracked(row, actor=SETTING_UP, reason=Reason.CORRECTION, at=wall_clock_now())
    amina, page = browser_of(cast.user("amina")), f"/admin/consent/instruction/{row.pk}/change/"
    assert "/cancel/" in amina.get(page).content.decode()
    sandbox.move(days=60)
    assert "/end/" in amina.get(page).content.decode()
    assert amina.get(page.replace("change", "end")).status_code == 200


def test_an_agreement_of_a_sandbox_is_suspended_by_its_own_clock(cast: Cast, sandbox: Sandbox) -> None:
    sandbox.move(days=60)
    amina, actor = browser_of(cast.user("amina")), cast.actor("amina")
    with in_client(sandbox.id):
        agreement = ServiceAgreement.objects.get(client_id=sandbox.id)
        suspend_agreement(agreement, actor=actor, reason=Reason.AGREEMENT_CHANGE, at=client_now())
    listed = amina.get("/admin/consent/serviceagreement/").context["cl"].result_list
    assert [row.client_id for row in listed if row.is_suspended] == [sandbox.id]
