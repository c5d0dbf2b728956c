"""Business transfers: two officers, every client notified thirty days before, with proof for each."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from consent.notices.models import NoticeDispatch, NoticeVersion
from consent.notices.selectors.registers import current_register
from consent.sharing.models import BusinessTransfer
from consent.sharing.services import decide_business_transfer, request_business_transfer
from paktaleem.foundation.accounts.actors import NotAllowed, system_actor
from paktaleem.foundation.accounts.second_person import ApproverIsRequester
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from tests.cast import Cast
from tests.consent.making import officer, prove
from tests.sharing.making import transfer
from tests.signing_in import browser_of

DAY = timedelta(days=1)


def approved(at: datetime, **values: Any) -> BusinessTransfer:
    with in_client(PAKTALEEM):
        row = request_business_transfer(transfer(at, **values), actor=officer(), at=at)
        return decide_business_transfer(row, approve=True, actor=officer(), at=at)


def test_every_client_is_notified_with_proof(cast: Cast, now: datetime) -> None:
    row = approved(now)
    with in_client(PAKTALEEM):
        version = NoticeVersion.objects.get(pk=row.announced_as or PAKTALEEM)
        kinds = set(Entry.objects.filter(recorded_at=now).values_list("kind", flat=True))
    assert version.text_en.startswith(f"## Acquisition: Chenab Learning Ltd, on {row.takes_place_on.isoformat()}")
    assert version.effective_at.date() == row.takes_place_on
    assert {"business_transfer.requested", "business_transfer.settled", "notice.announced"} <= kinds
    for code in ("indus", "khyber"):
        prove(cast, code, version, now + DAY)
        with in_client(cast.client_id(code)):
            dispatch = NoticeDispatch.objects.get(version=version)
            assert (dispatch.dispatched_at, dispatch.takes_effect_at) == (now + DAY, version.effective_at)


def test_it_is_no_notice_about_a_purpose(cast: Cast, now: datetime) -> None:
    version = approved(now).announced_as
    with in_client(cast.client_id("indus")):
        notices = current_register(cast.client_id("indus")).notices
    assert not any(version == one.id for rule in notices.values() for one in rule.versions)


def test_one_officer_alone_announces_nothing(cast: Cast, now: datetime) -> None:
    alone = officer()
    with in_client(PAKTALEEM):
        row = request_business_transfer(transfer(now), actor=alone, at=now)
        with pytest.raises(ApproverIsRequester), transaction.atomic():
            decide_business_transfer(row, approve=True, actor=alone, at=now)
        declined = decide_business_transfer(row, approve=False, actor=alone, at=now)
        assert declined.announced_as is None
        assert not NoticeVersion.objects.filter(notice__code="business_transfers").exists()


def test_clients_get_their_thirty_days(cast: Cast, now: datetime) -> None:
    with in_client(PAKTALEEM):
        with pytest.raises(ValidationError) as caught:
            request_business_transfer(transfer(now, takes_place_on=(now + 29 * DAY).date()), actor=officer(), at=now)
        assert list(caught.value.message_dict) == ["takes_place_on"]
        late = request_business_transfer(transfer(now), actor=officer(), at=now)
        with pytest.raises(ValidationError), transaction.atomic():
            decide_business_transfer(late, approve=True, actor=officer(), at=now + 20 * DAY)


def test_only_officers_of_paktaleem_request_one(cast: Cast, now: datetime) -> None:
    for actor in (cast.actor("farah"), cast.actor("bilal"), system_actor("test")):
        with in_client(PAKTALEEM), pytest.raises(NotAllowed):
            request_business_transfer(transfer(now), actor=actor, at=now)
    indus = cast.client_id("indus")
    with in_client(indus), pytest.raises(ValidationError, match="PakTaleem"):
        request_business_transfer(transfer(now, client_id=indus), actor=officer(), at=now)


def test_the_form_chooses_paktaleem_and_offers_no_other_client(cast: Cast) -> None:
    text = browser_of(cast.user("amina")).get("/admin/sharing/businesstransfer/add/").content.decode()
    assert f'<option value="{PAKTALEEM}" selected>PakTaleem</option>' in text
    assert str(cast.client_id("indus")) not in text


@pytest.mark.parametrize("values", [{"announced_as": None}, {"state": "declined"}])
def test_the_database_refuses_an_approval_without_announcement(
    cast: Cast, now: datetime, values: dict[str, Any]
) -> None:
    row = approved(now)
    with in_client(PAKTALEEM), pytest.raises(IntegrityError, match="approved_is_announced"), transaction.atomic():
        BusinessTransfer.objects.filter(pk=row.pk).update(**values)
