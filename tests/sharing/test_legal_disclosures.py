"""Legal disclosures: reviewed by one officer, approved by another, recorded with who was informed, or why not."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from consent.sharing.models import LegalDisclosure
from consent.sharing.selectors import list_legal_disclosures_of, list_own_legal_disclosures, list_sharing_sections
from consent.sharing.services import (
    decide_legal_disclosure,
    record_legal_disclosure,
    request_legal_disclosure,
)
from paktaleem.directory.people.copies.declarations import Reader
from paktaleem.directory.people.selectors import sealer_of
from paktaleem.foundation.accounts.actors import NotAllowed, person_actor, system_actor
from paktaleem.foundation.accounts.acts import Refused
from paktaleem.foundation.accounts.second_person import ChangeAlreadyDecided
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.context import in_client
from retention.schedule.models import Hold
from retention.schedule.services import LEGAL_GROUND, lift_hold
from tests.cast import Cast, refused_to
from tests.consent.making import officer
from tests.sharing.making import demand

HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _indus(cast: Cast) -> Iterator[None]:
    with in_client(cast.client_id("indus")):
        yield


def requested(cast: Cast, at: datetime, person: str = "hamza", **values: Any) -> LegalDisclosure:
    return request_legal_disclosure(cast.subject(person), demand(at, **values), actor=cast.actor("amina"), at=at)


def approved(cast: Cast, at: datetime, person: str = "hamza") -> LegalDisclosure:
    return decide_legal_disclosure(requested(cast, at, person), approve=True, actor=officer(), at=at)


def disclose(cast: Cast, row: LegalDisclosure, at: datetime, **values: Any) -> LegalDisclosure:
    told: dict[str, Any] = {"categories": ["usage_logs"], "what_went": "One file."}
    told |= {"informed": "person", "informed_on": at.date()}
    return record_legal_disclosure(row, **{**told, **values}, actor=cast.actor("amina"), at=at)


def test_what_was_disclosed_and_that_the_person_was_informed_is_recorded_once(cast: Cast, now: datetime) -> None:
    row = disclose(cast, approved(cast, now), now + HOUR)
    assert (row.disclosed, row.disclosed_at, row.informed) == (["usage_logs"], now + HOUR, "person")
    kinds = Entry.objects.filter(kind__startswith="legal_disclosure.").order_by("recorded_at", "id")
    assert [one.kind.split(".")[1] for one in kinds] == ["requested", "settled", "made"]
    assert not any("Lahore" in one.body for one in kinds), "an order may keep the authority secret"
    with pytest.raises(Refused):
        disclose(cast, row, now + 2 * HOUR)


def test_an_approved_demand_places_a_legal_hold(cast: Cast, now: datetime) -> None:
    requested(cast, now, "junaid")
    assert not Hold.objects.exists()
    approved(cast, now)
    hold = Hold.objects.get()
    assert (hold.kind, hold.subject_id, hold.is_of_client) == ("legal", cast.subject_id("hamza"), False)
    assert (hold.ground, hold.related_kind) == (LEGAL_GROUND, ""), "an order may keep the demand secret"
    with pytest.raises(Refused, match="Only the side that placed"):
        lift_hold(hold, ground="Over.", actor=cast.actor("farah"), at=now + HOUR)


def test_the_client_sees_the_demands_that_it_may_know_of(cast: Cast, now: datetime) -> None:
    row, farah, hamza = requested(cast, now), cast.actor("farah"), cast.subject("hamza")
    requested(cast, now, is_secret=True)
    assert list(list_legal_disclosures_of(hamza, actor=farah)) == [row]
    assert list_legal_disclosures_of(hamza, actor=cast.actor("amina")).count() == 2
    with pytest.raises(NotAllowed):
        decide_legal_disclosure(row, approve=True, actor=farah, at=now)


def test_nothing_is_disclosed_before_a_second_officer_approves(cast: Cast, now: datetime) -> None:
    row = requested(cast, now)
    with pytest.raises(Refused):
        disclose(cast, row, now)
    decide_legal_disclosure(row, approve=False, actor=officer(), at=now)
    with pytest.raises(Refused):
        disclose(cast, row, now)
    with pytest.raises(ChangeAlreadyDecided):
        decide_legal_disclosure(row, approve=True, actor=officer(), at=now)


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"categories": ["billing"]}, "categories"),
    ({"categories": []}, "categories"),
    ({"informed_on": None}, "informed_on"),
    ({"informed": ""}, "informed_on"),
    ({"informed": "", "informed_on": None}, "informed_on"),
    ({"informed": "a rumour"}, "informed"),
    ({"not_informed": "order"}, "informed_on"),
    ({"informed_on": datetime(2099, 1, 1).astimezone().date()}, "informed_on"),
]


@pytest.mark.parametrize(("values", "field"), WRONG)
def test_what_was_not_demanded_is_not_disclosed(cast: Cast, now: datetime, values: dict[str, Any], field: str) -> None:
    row = approved(cast, now)
    with pytest.raises(ValidationError) as caught:
        disclose(cast, row, now, **values)
    assert list(caught.value.message_dict) == [field]


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"categories": ["shoe_size"]}, "categories"),
        ({"received_on": datetime(2099, 1, 1).astimezone().date()}, "received_on"),
        ({"authority": " "}, "authority"),
        ({"ground": ""}, "ground"),
        ({"instrument": "rumour"}, "instrument"),
    ],
)
def test_a_demand_is_complete(cast: Cast, now: datetime, values: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationError) as caught:
        requested(cast, now, **values)
    assert list(caught.value.message_dict) == [field]


def test_a_demand_of_today_in_karachi_is_not_in_the_future(cast: Cast, now: datetime) -> None:
    late = now.replace(hour=20)
    assert requested(cast, late, received_on=(late + timedelta(days=1)).date()).pk


def test_a_person_sees_it_only_if_they_were_informed(cast: Cast, now: datetime) -> None:
    hamza = cast.subject("hamza")
    person = person_actor(hamza.pk, hamza.client_id, acts_for=hamza.pk)
    secret = disclose(cast, approved(cast, now), now, informed="", informed_on=None, not_informed="order")
    section = next(one for one in list_sharing_sections() if one.code == "legal_disclosures")
    assert list(list_own_legal_disclosures(hamza, actor=person)) == []
    assert section.count(hamza) == 0
    told = disclose(cast, approved(cast, now + HOUR), now + HOUR)
    assert list(list_own_legal_disclosures(hamza, actor=person)) == [told]
    assert section.count(hamza) == 1
    assert set(list_legal_disclosures_of(hamza, actor=cast.actor("bilal"))) == {secret, told}


def test_a_guardians_copy_names_it_only_if_a_guardian_was_informed(cast: Cast, now: datetime) -> None:
    section = next(one for one in list_sharing_sections() if one.code == "legal_disclosures")
    danish = cast.subject("danish")
    own, by_esra = Reader(danish, sealer_of(danish)), Reader(danish, sealer_of(danish), cast.subject_id("esra"))
    disclose(cast, approved(cast, now, "danish"), now)
    assert (len(list(section.read(own))), list(section.read(by_esra))) == (1, [])
    disclose(cast, approved(cast, now, "danish"), now, informed="guardian")
    assert (len(list(section.read(own))), len(list(section.read(by_esra)))) == (2, 1)


@pytest.mark.parametrize("name", ["farah", "celia", "bilal", "sana"])
def test_only_privacy_officers_handle_a_demand(cast: Cast, now: datetime, name: str) -> None:
    row, actor = requested(cast, now), cast.actor(name)
    with pytest.raises(NotAllowed):
        request_legal_disclosure(cast.subject("hamza"), demand(now), actor=actor, at=now)
    with pytest.raises(NotAllowed):
        decide_legal_disclosure(row, approve=True, actor=actor, at=now)
    with pytest.raises(NotAllowed):
        record_legal_disclosure(row, categories=["usage_logs"], what_went="", actor=actor, at=now)


def test_a_machine_requests_no_legal_disclosure_and_others_do_not_see_it(cast: Cast, now: datetime) -> None:
    with pytest.raises(NotAllowed):
        request_legal_disclosure(cast.subject("hamza"), demand(now), actor=system_actor("test"), at=now)
    refused_to("celia sana", lambda name: list_legal_disclosures_of(cast.subject("hamza"), actor=cast.actor(name)))


BROKEN: list[tuple[str, dict[str, Any]]] = [
    ("legaldisclosure_approved_first", {"state": "declined"}),
    ("legaldisclosure_approved_first", {"disclosed": []}),
    ("legaldisclosure_not_more_than_demanded", {"disclosed": ["billing"]}),
    ("legaldisclosure_informed_or_why_not", {"informed": "", "informed_on": None}),
]


@pytest.mark.parametrize(("constraint", "values"), BROKEN)
def test_the_database_refuses_the_broken_row(
    cast: Cast, now: datetime, constraint: str, values: dict[str, Any]
) -> None:
    row = disclose(cast, approved(cast, now), now)
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        LegalDisclosure.objects.filter(pk=row.pk).update(**values)
