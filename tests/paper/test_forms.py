"""Creating and printing forms: who is asked what, under which notice; printing is a logged access."""

import json
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError

from consent.notices.selectors.public import get_current_notice
from consent.paper.models import FormPage, FormPurpose, FormRun
from consent.paper.selectors import purposes_to_ask, select_people
from consent.paper.services.forms import make_form, print_form
from consent.register.models.purposes import LawfulBasis
from consent.register.services.register import end_period
from paktaleem.directory.people.models import AccessRecord
from paktaleem.directory.people.services.erasure import erase_subject
from paktaleem.directory.schools.selectors import Selection
from paktaleem.foundation.accounts.actors import NotAllowed
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.context import in_client
from tests.paper.typing_in import BOTH, form_for

ADDRESS = "portal.example/choices/indus/"


@pytest.fixture
def hamza(cast, indus):
    return cast.subject("hamza")


def test_each_person_has_a_page_with_its_own_reference(cast, indus, now):
    run = form_for(cast, [cast.subject("hamza"), cast.subject("junaid")], now)
    pages = list(FormPage.objects.filter(run=run))
    assert [page.subject.external_id for page in pages] == ["lms-hamza", "lms-junaid"]
    assert [page.reference for page in pages] == [f"{run.reference}-1", f"{run.reference}-2"]
    assert run.people == 2


def test_a_form_stores_the_notice_versions_it_prints(cast, indus, now, hamza):
    run = form_for(cast, [hamza], now)
    kept = {one.purpose.code: one.notice_version_id for one in FormPurpose.objects.filter(run=run)}
    assert kept == {code: get_current_notice(code, client_id=indus.id, at=now).pk for code in BOTH}


def test_the_ledger_entry_has_the_maker_and_no_names(cast, indus, now, hamza):
    run = form_for(cast, [hamza], now)
    entry = Entry.objects.get(kind="form.made")
    assert (entry.actor_id, entry.recorded_at) == (cast.user_id("farah"), now)
    facts = json.loads(entry.body)["facts"]
    assert (facts["form"], facts["people"], set(facts["purposes"])) == (str(run.pk), 1, set(BOTH))
    assert "Grade" not in entry.body


def test_people_are_asked_only_about_purposes_based_on_their_consent(cast, indus, now, hamza):
    basis = LawfulBasis.objects.get(client_id=indus.id, purpose__code="newsletter", role="student")
    end_period(basis, actor=cast.actor("amina"), reason=Reason.REVIEW, at=now - timedelta(hours=1))
    run = form_for(cast, [hamza, cast.subject("junaid")], now)
    pages = {page.subject.external_id: page.purposes for page in FormPage.objects.filter(run=run)}
    assert pages == {"lms-hamza": ["product_research"], "lms-junaid": ["newsletter", "product_research"]}
    alone = form_for(cast, [hamza, cast.subject("junaid")], now, ["newsletter"])
    assert [page.subject.external_id for page in FormPage.objects.filter(run=alone)] == ["lms-junaid"]


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"purposes": []}, "purposes"),
        ({"purposes": ["nothing"]}, "purposes"),
        ({"purposes": ["support"]}, "purposes"),
        ({"people": []}, "people"),
        ({"name": " "}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"name": "Grade 한"}, "name"),
    ],
)
def test_invalid_input_names_its_field(cast, indus, now, changed, field):
    values = {"name": "Grade 7 B", "purposes": BOTH, "people": [cast.subject("hamza")], **changed}
    with pytest.raises(ValidationError) as told:
        make_form(indus, **values, actor=cast.actor("farah"), at=now)
    assert list(told.value.message_dict) == [field]
    assert not FormRun.objects.exists()


def test_a_form_has_a_maximum_number_of_people(cast, indus, now, hamza, settings):
    settings.FORM_MOST_PEOPLE = 1
    with pytest.raises(ValidationError, match="2 people would be asked: a form is for 1 to 1"):
        form_for(cast, [hamza, cast.subject("junaid")], now)


@pytest.mark.parametrize("who", ["bilal", "sana", "celia"])
def test_other_roles_may_not_make_or_print_forms(cast, indus, now, hamza, who):
    with pytest.raises(NotAllowed):
        make_form(indus, name="A", purposes=BOTH, people=[hamza], actor=cast.actor(who), at=now)
    run = form_for(cast, [hamza], now)
    with pytest.raises(NotAllowed):
        print_form(run, address=ADDRESS, actor=cast.actor(who), reason=Reason.REVIEW, at=now)


def test_another_client_does_not_see_the_form(cast, now):
    with in_client(cast.client_id("indus")):
        form_for(cast, [cast.subject("hamza")], now)
    with in_client(cast.client_id("khyber")):
        assert not FormRun.objects.exists()
        assert not FormPage.objects.exists()
        assert not FormPurpose.objects.exists()


def test_people_are_selected_by_id_by_role_and_by_the_start_of_their_id(cast, indus, now):
    farah = cast.actor("farah")

    def found(**wanted):
        return [one.external_id for one in select_people(indus, Selection(**wanted), actor=farah, at=now)]

    assert found(ids=("lms-junaid", "lms-hamza")) == ["lms-hamza", "lms-junaid"]
    assert found(role="student") == ["lms-danish", "lms-hamza", "lms-iqra"]
    assert found(role="student", beginning="lms-h") == ["lms-hamza"]
    with pytest.raises(ValidationError, match="lms-kiran, lms-nobody"):
        found(ids=("lms-hamza", "lms-nobody", "lms-kiran"))


def test_only_purposes_based_on_consent_are_offered(indus, now):
    assert [purpose.code for purpose in purposes_to_ask(indus.id, at=now)] == list(BOTH)


def test_printing_records_access_to_each_person_with_its_reason(cast, indus, now, hamza):
    run = form_for(cast, [hamza, cast.subject("junaid")], now)
    pdf = print_form(run, address=ADDRESS, actor=cast.actor("farah"), reason=Reason.REVIEW, at=now)
    assert pdf.startswith(b"%PDF-")
    looks = AccessRecord.objects.order_by("subject__external_id")
    assert [(one.subject.external_id, one.fields, one.reason) for one in looks] == [
        ("lms-hamza", "full_name", "review"),
        ("lms-junaid", "full_name", "review"),
    ]
    assert {one.actor_id for one in looks} == {cast.user_id("farah")}
    facts = json.loads(Entry.objects.get(kind="form.printed").body)["facts"]
    assert (facts["form"], facts["pages"], facts["reason"]) == (str(run.pk), 2, "review")
    assert len(facts["sha256"]) == 64


def test_people_erased_since_are_not_printed(cast, indus, now, hamza):
    run = form_for(cast, [hamza, cast.subject("junaid")], now)
    erase_subject(hamza, actor=cast.actor("amina"), reason=Reason.SUBJECT_REQUEST, at=now)
    print_form(run, address=ADDRESS, actor=cast.actor("farah"), reason=Reason.REVIEW, at=now)
    assert [one.subject_id for one in AccessRecord.objects.all()] == [cast.subject_id("junaid")]


def test_making_and_printing_a_form_runs_few_queries(cast, indus, now, django_assert_max_num_queries):
    people = [cast.subject(name) for name in ("hamza", "junaid", "iqra", "danish")]
    with django_assert_max_num_queries(25):
        run = form_for(cast, people, now)
    with django_assert_max_num_queries(12):
        print_form(run, address=ADDRESS, actor=cast.actor("farah"), reason=Reason.REVIEW, at=now)
