"""At the birthday a guardian's yes no longer counts, and the young person is asked afresh, once."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from consent.models import Consent, ConsentEvent, ConsentState
from consent.models.consents import GivenBy
from consent.services import Answer, record_answers
from consent.services.renewal import ask_again
from paktaleem.accounts.actors import system_actor
from paktaleem.tenancy.context import in_client
from tests.children.making import answered, verified
from tests.factories import SETTING_UP, SubjectFactory
from tests.showing import shown
from tests.signing_in import browser_of

SECOND = timedelta(seconds=1)


def test_what_a_guardian_allowed_is_asked_afresh_at_the_birthday_to_the_second(cast, now):
    worker = system_actor("consent.ask_about_renewal")
    with in_client(cast.client_id("indus")):
        danish, esra = cast.subject("danish"), cast.subject("esra")
        verified(danish, esra, at=now)
        answered(danish, esra, "given", at=now)
        given: dict[str, Any] = {"given_by": GivenBy.GUARDIAN, "guardian": esra, "shown": shown(danish.client_id, now)}
        answers = [Answer("newsletter", ConsentState.GIVEN)]
        record_answers(danish, answers=answers, **given, actor=SETTING_UP, at=now)
        birthday = danish.of_age_at
        told: dict[str, Any] = {"actor": worker}
        assert ask_again(danish.client_id, at=birthday - SECOND, **told) == 0
        assert ask_again(danish.client_id, at=birthday, **told) == 1
        assert ask_again(danish.client_id, at=birthday + SECOND, **told) == 0
        row = Consent.objects.get(subject=danish)
        assert (row.state, row.asked_at) == ("given", birthday)
        assert ConsentEvent.objects.filter(subject=danish, state="requested", given_by="organisation").count() == 1


def test_the_first_page_says_how_many_come_of_age_soon(cast):
    browser = browser_of(cast.user("farah"))
    assert b"Come of age" not in browser.get("/admin/").content
    with in_client(cast.client_id("indus")):
        day = (timezone.now() + timedelta(days=20)).date()
        born = day.replace(year=day.year - 13, day=min(day.day, 28))
        SubjectFactory(client=cast.client("indus"), external_id="lms-soon", birth_date=born)
    assert b"Come of age" in browser.get("/admin/").content
