"""The screens of forms for guardians: made, printed, typed in and recorded, and reached from the invitations."""

from typing import Any

import pytest
from django.test import Client

from children.guardians.models.guardians import ServiceAuthorisation
from children.invitations.services.inviting import invite_guardians_of
from consent.paper.models import FormPage, FormRun
from paktaleem.directory.people.models import AccessRecord
from paktaleem.directory.people.services.people import claim_guardian
from paktaleem.foundation.tenancy.context import in_client
from tests.api.callers import Caller
from tests.cast import Cast
from tests.children.guardians import make_guardian
from tests.console.pages import list_url, row_url
from tests.factories import CAST_AT, SETTING_UP
from tests.paper.test_screens import FORMS, QUEUE, fields_for, made, typed
from tests.signing_in import browser_of

INVITATIONS = "invitations/invitation"


@pytest.fixture
def farah(cast: Cast) -> Client:
    return browser_of(cast.user("farah"))


@pytest.fixture
def run(cast: Cast, farah: Client) -> FormRun:
    return made(cast, farah, addressee="guardian", name="Grade 3 A", ids="lms-danish\nlms-iqra")


def test_a_form_for_guardians_is_made_printed_entered_and_confirmed(cast: Cast, farah: Client, run: FormRun) -> None:
    assert (run.people, run.addressee) == (2, "guardian")
    page = farah.get(row_url(FORMS, run.pk)).content.decode()
    assert "Use of the platform" in page
    printing = row_url(FORMS, run.pk, "print")
    assert "addressed to the parent or guardian" in farah.get(printing).content.decode()
    assert farah.post(printing, {"reason": "client_instruction"}).content.startswith(b"%PDF-")
    with in_client(cast.client_id("indus")):
        assert AccessRecord.objects.filter(fields="full_name").count() == 2
    listed = farah.get(row_url(FORMS, run.pk, "enter")).content.decode()
    for words in ("platform-use", "lms-esra (Parent)", "The child", "name them on the child’s page first"):
        assert words in listed
    assert "outside-recipients" not in listed
    lms = Caller(cast.key("indus"))
    assert not lms.ask("lms-danish", "newsletter")["decision"]
    esra = str(cast.subject_id("esra"))
    answers = {"guardian": esra, "platform-use": "yes", "newsletter": "yes", "product_research": "no"}
    [row] = typed(cast, farah, run, fields_for(cast, run, "danish", **answers))
    shown = farah.post(row_url(FORMS, run.pk, "confirm"), {}, follow=True)
    assert "1 answer is confirmed." in shown.content.decode()
    assert lms.ask("lms-danish", "newsletter")["decision"]
    assert not lms.ask("lms-danish", "product_research")["decision"]
    with in_client(cast.client_id("indus")):
        answer = ServiceAuthorisation.objects.get()
    page = farah.get(row_url(QUEUE, row.pk)).content.decode()
    for words in ("lms-esra", str(answer.pk), "Recorded", "platform-use: yes"):
        assert words in page


@pytest.mark.parametrize(
    ("guardian", "method", "words"),
    [
        ("", "paper", "This field is required."),
        ("hamza", "paper", "not one of the available choices"),
        ("esra", "phone", "A guardian’s consent by telephone is not signed: only a refusal can be entered."),
    ],
)
def test_who_signed_is_chosen_among_the_guardians_on_file(
    cast: Cast, farah: Client, *, run: FormRun, guardian: str, method: str, words: str
) -> None:
    chosen = str(cast.subject_id(guardian)) if guardian else ""
    values = fields_for(cast, run, "danish", **{"guardian": chosen, "platform-use": "yes"})
    answer = farah.post(row_url(FORMS, run.pk, "enter"), {"method": method, **values})
    assert answer.status_code == 200
    assert words in answer.content.decode()


def test_unreachable_guardians_are_linked_to_the_paper_form(cast: Cast, farah: Client) -> None:
    with in_client(cast.client_id("indus")):
        alone = make_guardian(cast.client("indus"), "no-phone", at=CAST_AT)
        iqra = cast.subject("iqra")
        claim_guardian(iqra, guardian=alone, relationship="parent", actor=SETTING_UP, at=CAST_AT)
        invite_guardians_of([iqra], portal="https://portal.example", actor=cast.actor("farah"), at=CAST_AT)
    shown = farah.get(f"{list_url(INVITATIONS)}?problem__exact=missing").content.decode()
    assert "ask on paper or in person" in shown
    address = f"{list_url(FORMS)}add/?addressee=guardian&amp;unreachable=1"
    assert address in shown
    form = farah.get(address.replace("&amp;", "&")).content.decode()
    assert 'value="guardian" id="id_addressee_1" checked' in form or "checked" in form
    values: dict[str, Any] = {"name": "On paper", "addressee": "guardian", "unreachable": "on"}
    assert farah.post(f"{list_url(FORMS)}add/", values).status_code == 302
    with in_client(cast.client_id("indus")):
        assert [page.subject_id for page in FormPage.objects.all()] == [cast.subject_id("iqra")]


def test_choosing_the_client_keeps_the_choice_of_guardians(cast: Cast) -> None:
    page = browser_of(cast.user("amina")).get(f"{list_url(FORMS)}add/?addressee=guardian&unreachable=1")
    assert '<input type="hidden" name="addressee" value="guardian">' in page.content.decode()
