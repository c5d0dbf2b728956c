"""Effects of a guardian's withdrawal of the service: systems stop, and recipients are informed."""

from datetime import datetime
from typing import Any

import pytest

from consent.consents.models import ConsentEvent, ConsentState
from consent.consents.services.recording import Answer, record_answers, withdraw_consent
from paktaleem.directory.data_systems.models import Order
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.models import Client
from rights.rectifications.models import RecipientNotice
from tests.cast import Cast
from tests.children.guardians import approve_host, record_answer, verified_guardian
from tests.factories import SETTING_UP, SubjectFactory, make_system
from tests.rights.cases import DAY
from tests.showing import shown


@pytest.fixture
def child(cast: Cast, indus: Client, now: datetime) -> Subject:
    """Return Danish, for whom Esra has authorised the service."""
    danish, esra = cast.subject("danish"), cast.subject("esra")
    verified_guardian(danish, esra, at=now - 4 * DAY)
    record_answer(danish, esra, "given", at=now - 3 * DAY)
    make_system(indus, "analytics", ["usage_logs"])
    return danish


def list_orders() -> list[tuple[str, str, str]]:
    return sorted(Order.objects.order_by().values_list("kind", "ground", "parent_kind").distinct())


def test_every_system_is_ordered_to_stop_and_after_a_new_authorisation_to_go_on(
    cast: Cast, child: Subject, now: datetime
) -> None:
    assert list_orders() == []
    record_answer(child, cast.subject("esra"), "withdrawn", at=now)
    stop = ("restrict", "consent_ended", "service_answer")
    assert list_orders() == [stop]
    assert {one.due_at for one in Order.objects.all()} == {now + 3 * DAY}
    assert Order.objects.filter(system__code="analytics").exists()
    record_answer(child, cast.subject("esra"), "given", at=now + DAY)
    assert list_orders() == [("lift_restriction", "right_of_the_person", "service_answer"), stop]


@pytest.mark.parametrize("answer", ["refused", "withdrawn"])
def test_every_system_is_ordered_to_stop_when_the_child_refuses(child: Subject, now: datetime, answer: str) -> None:
    record_answer(child, None, answer, at=now)
    assert list_orders() == [("restrict", "consent_ended", "service_answer")]


def test_recipients_of_the_data_of_the_child_are_to_be_informed(
    cast: Cast, indus: Client, child: Subject, now: datetime
) -> None:
    approve_host(indus.pk, "service_delivery")
    record_answer(child, cast.subject("esra"), "withdrawn", at=now)
    assert [one.outcome for one in RecipientNotice.objects.filter(subject=child, request=None)] == [""]


@pytest.mark.parametrize(("purpose", "number"), [("newsletter", 1), ("product_research", 0)])
def test_recipients_for_a_purpose_are_to_be_informed_of_the_withdrawal_of_its_consent(
    cast: Cast, indus: Client, now: datetime, purpose: str, number: int
) -> None:
    approve_host(indus.pk, purpose)
    hamza: Any = cast.subject("hamza")
    answers = [Answer("newsletter", ConsentState.GIVEN)]
    record_answers(hamza, answers=answers, shown=shown(indus.pk, now), actor=SETTING_UP, at=now)
    withdraw_consent(hamza, purpose="newsletter", actor=SETTING_UP, at=now + DAY)
    assert ConsentEvent.objects.filter(state="withdrawn").exists()
    assert RecipientNotice.objects.filter(subject=hamza).count() == number


def test_no_system_is_ordered_to_stop_for_a_person_who_decides_alone(cast: Cast, indus: Client, now: datetime) -> None:
    birthday, esra = now - 2 * DAY, cast.subject("esra")
    born = birthday.date().replace(year=birthday.year - indus.thresholds.of(""))
    zara = SubjectFactory(client=indus, external_id="lms-zara", birth_date=born, at=now - 4 * DAY)
    make_system(indus, "analytics", ["usage_logs"])
    verified_guardian(zara, esra, at=now - 4 * DAY)
    record_answer(zara, esra, "given", at=now - 3 * DAY)
    record_answer(zara, esra, "withdrawn", at=now)
    assert list_orders() == []
