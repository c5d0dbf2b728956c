"""Make rights requests for tests."""

from datetime import UTC, datetime, timedelta
from typing import Any

from consent.register.models.agreements import Recipient, RecipientApproval
from consent.register.services import change_register
from paktaleem.directory.people.services.people import register_subject
from paktaleem.foundation.accounts.actors import person_actor
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.tenancy.context import in_client
from rights.channels.guardians import record_guardian_request
from rights.requests.models import RequestPart, RightsRequest
from rights.requests.services.decisions import decide_part
from rights.requests.services.intake import deny_own_request, receive_request
from rights.requests.services.steps import list_parts
from tests.cast import Cast
from tests.consent.making import approve_by_two
from tests.factories import CAST_AT, SETTING_UP

AT = datetime(2026, 10, 1, 9, tzinfo=UTC)
DAY = timedelta(days=1)


def received(
    cast: Cast, *kinds: str, subject: str | None = "hamza", client: str = "indus", **given: Any
) -> RightsRequest:
    """Receive a request of a person whom the learning platform has signed in, unless ``given`` says otherwise."""
    details = {"channel": "api", "identity": "lms" if subject else "", "language": "en", "actor": SETTING_UP, "at": AT}
    person = cast.subject(subject) if subject else None
    return receive_request(cast.client(client), kinds=kinds or ["access"], subject=person, **{**details, **given})


def part_of(request: RightsRequest, decider: str = "client") -> RequestPart:
    return next(part for part in list_parts(request) if part.decider == decider)


def decided(
    cast: Cast, request: RightsRequest, decision: str = "granted", at: datetime = AT, **given: Any
) -> RightsRequest:
    """Let each controller decide its parts in the same way."""
    for part in list_parts(request):
        actor = cast.actor("farah" if part.decider == "client" else "amina")
        decide_part(part, decision=decision, actor=actor, at=at, **given)
    request.refresh_from_db()
    return request


def asked_by_guardian(cast: Cast, wish: str, **given: Any) -> RightsRequest:
    """Record what Danish's mother requests, on her page with a code, unless ``given`` says otherwise."""
    mother = person_actor(cast.subject_id("esra"), cast.client_id("indus"), acts_for=cast.subject_id("danish"))
    details = {"identity": "code", "channel": "own_page", "actor": mother, "at": AT, **given}
    made = record_guardian_request(cast.subject("danish"), guardian=cast.subject("esra"), wish=wish, **details)
    assert made is not None
    return made


def withdraw(cast: Cast, request: RightsRequest, at: datetime = AT) -> None:
    assert request.subject_id is not None
    actor = person_actor(request.subject_id, request.client_id, acts_for=request.subject_id)
    deny_own_request(request, by_code=False, actor=actor, at=at)


def approve_recipient(cast: Cast) -> Recipient:
    """Approve an outside recipient of Indus, a day before every request."""
    by: dict[str, Any] = {"actor": SETTING_UP, "reason": Reason.ONBOARDING, "at": AT - DAY}
    own = {"client_id": cast.client_id("indus")}
    host = Recipient(code="host", name="Host Ltd", service="Hosting", agreement_reference="A1", **own)
    change_register(host, **by)
    approve_by_two(RecipientApproval(recipient=host, starts_at=AT - DAY, **own), at=AT - DAY)
    return host


def add_phone(cast: Cast, name: str = "hamza", phone: str = "+923007654321", at: datetime = CAST_AT) -> None:
    """Put a telephone number of a person of Indus on file; by default long before every request."""
    told: dict[str, Any] = {"actor": SETTING_UP, "at": at + timedelta(hours=1)}
    with in_client(cast.client_id("indus")):
        register_subject(f"lms-{name}", client=cast.client("indus"), details={"phone": phone}, **told)
