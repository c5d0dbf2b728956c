"""Terms of an approved recipient: more through it takes two officers, and an objection is about the recipient."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from consent.consents.selectors.choices import recipients_of
from consent.notices.services.publishing import answer_objection, object_to_announcement, withdraw_objection
from consent.register.effects import WeakensSafeguard
from consent.register.models.agreements import Recipient
from consent.register.models.purposes import SafeguardChange
from consent.register.services.register import change_register, end_period
from consent.register.services.safeguards import decide_safeguard_change
from consent.register.services.safeguards import request_safeguard_change as request_change
from paktaleem.foundation.accounts.second_person import ApproverIsRequester
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from tests.cast import Cast
from tests.consent.announcing import prove
from tests.consent.approving import approve_by_two, make_provider, officer
from tests.consent.test_recipients import WINDOW, approval, approved, changed_earlier, dispatch_of, instruct, shared
from tests.factories import SETTING_UP
from tests.sandbox.making import Sandbox

DAY = timedelta(days=1)
MORE = ("longer", "endless", "earlier", "renamed", "another service")


def term(now: datetime) -> dict[str, Any]:
    return {"agreement_starts_at": now + DAY, "agreement_ends_at": now + 3 * DAY}


def more(now: datetime, kind: str) -> dict[str, Any]:
    kinds: dict[str, dict[str, Any]] = {
        "longer": {"agreement_ends_at": now + 4 * DAY},
        "endless": {"agreement_ends_at": None},
        "earlier": {"agreement_starts_at": now},
        "renamed": {"name": "Other Ltd"},
        "another service": {"service": "Advertising"},
    }
    return kinds[kind]


def approved_recipient(cast: Cast, now: datetime) -> Recipient:
    """Return an approved recipient of Indus with an agreement of two days, in its context."""
    host = make_provider(cast.client_id("indus"), at=now, code="cloud", **term(now))
    approve_by_two(approval(host, now), at=now)
    return host


@pytest.mark.parametrize("kind", MORE)
def test_one_person_gives_an_approved_recipient_no_more(cast: Cast, now: datetime, kind: str) -> None:
    with in_client(cast.client_id("indus")):
        host = approved_recipient(cast, now)
        values = more(now, kind)
        for name, value in values.items():
            setattr(host, name, value)
        with pytest.raises(WeakensSafeguard), transaction.atomic():
            change_register(host, actor=officer(), reason=Reason.REVIEW, at=now)
        with changed_earlier(), pytest.raises(IntegrityError, match="second person"), transaction.atomic():
            QuerySet(Recipient).filter(pk=host.pk).update(**values)


def test_two_officers_renew_the_agreement_of_an_approved_recipient(cast: Cast, now: datetime) -> None:
    instruct(cast, "indus", now)
    with in_client(cast.client_id("indus")):
        host = approved_recipient(cast, now)
    assert shared(cast, now + 3 * DAY) == "recipient_not_approved"
    with in_client(cast.client_id("indus")):
        host.agreement_ends_at = now + 9 * DAY
        change = request_change(host, ground="Renewed.", actor=cast.actor("farah"), at=now + DAY)
        with pytest.raises(ApproverIsRequester), transaction.atomic():
            decide_safeguard_change(change, approve=True, actor=cast.actor("farah"), at=now + DAY)
        decide_safeguard_change(change, approve=True, actor=officer(), at=now + DAY)
    assert shared(cast, now + 3 * DAY) == "permitted"


def test_less_takes_one_person_and_so_does_a_recipient_never_approved(cast: Cast, now: datetime) -> None:
    with in_client(cast.client_id("indus")):
        host = approved_recipient(cast, now)
        host.agreement_starts_at, host.agreement_ends_at = now + 2 * DAY, now + 3 * DAY
        change_register(host, actor=cast.actor("farah"), reason=Reason.REVIEW, at=now)
        fresh = make_provider(cast.client_id("indus"), at=now, code="fresh", **term(now))
        fresh.agreement_ends_at, fresh.name = None, "Fresh Ltd"
        change_register(fresh, actor=cast.actor("farah"), reason=Reason.REVIEW, at=now)
        assert SafeguardChange.objects.count() == 1


def test_an_objection_is_about_the_recipient_and_not_one_approval(cast: Cast, now: datetime) -> None:
    first = approved(now)
    instruct(cast, "indus", now)
    prove(cast, "indus", first.announced_as, now)
    farah = cast.actor("farah")
    with in_client(cast.client_id("indus")):
        dispatch = dispatch_of(cast, "indus", first)
        object_to_announcement(dispatch, code="agreement", actor=farah, at=now + DAY)
    later = now + 2 * DAY
    with in_client(PAKTALEEM):
        again = approve_by_two(approval(first.recipient, later), at=later)
    prove(cast, "indus", again.announced_as, later)
    after = later + WINDOW
    assert shared(cast, after) == "recipient_objected"
    with in_client(cast.client_id("indus")):
        answer_objection(dispatch, code="explained", actor=cast.actor("amina"), at=after)
        withdraw_objection(dispatch, actor=farah, at=after)
    assert shared(cast, after) == "permitted"


@pytest.mark.parametrize("values", [{"categories": ["contact_details", "billing"]}, {"is_integral": True}])
def test_what_was_announced_is_never_changed_to_share_more(cast: Cast, now: datetime, values: dict[str, Any]) -> None:
    row = approved(now)
    with in_client(PAKTALEEM):
        row = approve_by_two(approval(row.recipient, now + 60 * DAY, is_integral=False), at=now)
        for name, value in values.items():
            setattr(row, name, value)
        with pytest.raises(ValidationError, match="announced"), transaction.atomic():
            request_change(row, ground="More.", actor=officer(), at=now)
        row.refresh_from_db()
        row.categories = ["contact_details"]
        row.purposes = ["newsletter"]
        change_register(row, actor=officer(), reason=Reason.REVIEW, at=now)


def test_guardians_read_of_a_recipient_once_the_client_can_no_longer_object_until_its_end(
    cast: Cast, now: datetime
) -> None:
    row, indus = approved(now), cast.client_id("indus")
    instruct(cast, "indus", now)
    prove(cast, "indus", row.announced_as, now)
    with in_client(indus):
        assert "newsletter" not in recipients_of(indus, at=now + DAY)
        assert "newsletter" not in recipients_of(indus, at=now + WINDOW - timedelta(microseconds=1))
        assert recipients_of(indus, at=now + WINDOW)["newsletter"] == ["Host Ltd (Hosting)"]
    with in_client(PAKTALEEM):
        end_period(row, actor=officer(), reason=Reason.REVIEW, at=now + WINDOW + DAY)
    with in_client(indus):
        assert "newsletter" not in recipients_of(indus, at=now + WINDOW + DAY)


def test_a_sandbox_shows_that_earlier_consents_do_not_cover_a_new_recipient(cast: Cast, now: datetime) -> None:
    sandbox = Sandbox()
    with in_client(sandbox.id):
        row = approval(make_provider(sandbox.id, at=now, code="cloud"), now)
        change_register(row, actor=SETTING_UP, reason=Reason.REVIEW, at=now)
        row.refresh_from_db()
        assert row.approved_at == now
