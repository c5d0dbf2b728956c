"""Recipients are announced to the clients whose data can reach them, once it can."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from consent.notices.models import NoticeDispatch
from consent.notices.services.announcements import list_clients_to_follow, process_client
from consent.register.models.agreements import Instruction, RecipientApproval
from consent.register.models.purposes import LawfulBasis, Purpose, PurposeCapacity
from consent.register.services.register import change_register, end_period
from consent.register.services.safeguards import decide_safeguard_change, request_safeguard_change
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.tenancy.context import as_officer, in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from tests.cast import Cast
from tests.consent.announcing import prove
from tests.consent.approving import accept_by_two, officer
from tests.consent.test_recipients import WINDOW, approved, instruct, shared
from tests.factories import SETTING_UP

DAY = timedelta(days=1)
WHY = Reason.CLIENT_INSTRUCTION
SERVICE = ["service_delivery"]


def end_instructions(cast: Cast, at: datetime) -> None:
    """Have Khyber withdraw its instructions."""
    with in_client(cast.client_id("khyber")):
        for row in Instruction.objects.filter(client_id=cast.client_id("khyber")).order_by("pk"):
            end_period(row, actor=SETTING_UP, reason=WHY, at=at)


def follow(cast: Cast, at: datetime) -> set[str]:
    """Process the announcements of both clients, and return the codes of those that were due."""
    with as_officer():
        due = list_clients_to_follow(at=at)
    codes = {code for code in ("indus", "khyber") if cast.client_id(code) in due}
    for code in ("indus", "khyber"):
        with in_client(cast.client_id(code)):
            process_client(cast.client_id(code), actor=SETTING_UP, at=at)
    return codes


def notified(cast: Cast, row: RecipientApproval) -> set[str]:
    """Return the codes of the clients to which an approval is announced."""
    with as_officer():
        found = set(NoticeDispatch.objects.filter(version_id=row.announced_as).values_list("client__code", flat=True))
    return {str(code) for code in found}


def test_a_client_is_notified_once_its_data_can_reach_the_recipient(cast: Cast, now: datetime) -> None:
    follow(cast, now)
    end_instructions(cast, now)
    row = approved(now, purposes=SERVICE)
    assert follow(cast, now) == {"indus"}
    assert notified(cast, row) == {"indus"}
    late = now + 40 * DAY
    assert "khyber" not in follow(cast, late), "nothing of its is due, so it is not looked at each minute"
    instruct(cast, "khyber", late)
    assert shared(cast, late, code="khyber") == "recipient_not_approved"
    assert "khyber" in follow(cast, late)
    assert notified(cast, row) == {"indus", "khyber"}
    prove(cast, "khyber", row.announced_as, late)
    assert shared(cast, late + WINDOW - DAY, code="khyber") == "recipient_not_approved"
    assert shared(cast, late + WINDOW, code="khyber") == "permitted"


def test_the_worker_notifies_no_client_of_a_recipient_that_is_no_longer_approved(cast: Cast, now: datetime) -> None:
    follow(cast, now)
    row = approved(now, purposes=SERVICE, ends_at=now + DAY)
    assert follow(cast, now + DAY) == set()
    assert notified(cast, row) == set()


def by_other_data(cast: Cast, at: datetime) -> None:
    with in_client(cast.client_id("khyber")):
        row = Instruction.objects.filter(client_id=cast.client_id("khyber")).earliest("pk")
        told = {"purposes": SERVICE, "categories": ["usage_logs"], "document": "Annex 4", "starts_at": at}
        new = Instruction(client_id=row.client_id, agreement=row.agreement, **told)
        change_register(new, actor=SETTING_UP, reason=WHY, at=at)


def by_coming_instruction(cast: Cast, at: datetime) -> None:
    instruct(cast, "khyber", at + 9 * DAY)


def service() -> Purpose:
    return Purpose.objects.get(code="service_delivery", client_id=PAKTALEEM)


def without_basis(cast: Cast, at: datetime) -> None:
    instruct(cast, "khyber", at)
    with in_client(PAKTALEEM):
        for row in LawfulBasis.objects.filter(purpose=service()).order_by("pk"):
            end_period(row, actor=SETTING_UP, reason=WHY, at=at)


def without_purpose(cast: Cast, at: datetime) -> None:
    instruct(cast, "khyber", at)
    with in_client(PAKTALEEM):
        row = service()
        row.is_active = False
        change_register(row, actor=SETTING_UP, reason=WHY, at=at)


def by_law(cast: Cast, at: datetime) -> None:
    khyber = cast.client_id("khyber")
    with in_client(khyber):
        told: dict[str, Any] = {"role": "learner", "basis": "legal_obligation", "legal_reference": "Education Act s. 1"}
        row = LawfulBasis(client_id=khyber, purpose=service(), starts_at=at, **told)
        accept_by_two(row, requester=cast.actor("celia"), at=at)


def by_control(cast: Cast, at: datetime) -> None:
    khyber = cast.client_id("khyber")
    with in_client(khyber):
        row = PurposeCapacity(client_id=khyber, purpose=service(), capacity="joint_controller", starts_at=at + DAY)
        change = request_safeguard_change(row, ground="Agreed.", actor=officer(), at=at)
        decide_safeguard_change(change, approve=True, actor=officer(), at=at)


@pytest.mark.parametrize(
    ("facts", "is_notified"),
    [
        (by_other_data, False),
        (without_basis, False),
        (without_purpose, False),
        (by_coming_instruction, True),
        (by_law, True),
        (by_control, True),
    ],
)
def test_purposes_bases_parts_and_instructions_lead_to_a_recipient(
    cast: Cast, now: datetime, facts: Callable[[Cast, datetime], None], *, is_notified: bool
) -> None:
    end_instructions(cast, now)
    facts(cast, now)
    row = approved(now, purposes=SERVICE)
    follow(cast, now)
    assert ("khyber" in notified(cast, row)) is is_notified
