"""The end of a school year: numbers first, then classes move up, and the accounts of those who leave close."""

import json
import re
from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError

from consent.consents.models import Consent
from paktaleem.directory.people.models import Subject, SubjectEvent
from paktaleem.directory.people.services.erasure import erase_subject
from paktaleem.directory.people.services.people import register_subject
from paktaleem.directory.schools.models import School, SchoolClass
from paktaleem.foundation.accounts.acts import Refused
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.office.school_years import services
from paktaleem.office.school_years.services import YearEndChoices, end_school_year, preview_year_end
from tests.cast import refused_to
from tests.console.pages import shows_effect_only
from tests.factories import SETTING_UP, SubjectFactory
from tests.retention.schedule.making import make_holding, make_rule
from tests.school_years.making import AFTER, ENDED, IN_THE_YEAR, consents, enrolled, record
from tests.schools.making import periods
from tests.signing_in import prove

DAY = timedelta(days=1)


@pytest.fixture
def year(cast):
    """Let Danish be in 4-A of Indus, Iqra in 5-A and the band, Hamza in 5-A; Junaid teaches 4-A."""
    with in_client(cast.client_id("indus")):
        pupils = (("danish", "4a"), ("iqra", "5a"), ("iqra", "band"), ("hamza", "5a"))
        rows = [*(enrolled(*one) for one in pupils), enrolled("junaid", "4a", role="teacher")]
        record(cast.client("indus"), *rows, at=IN_THE_YEAR)


@pytest.fixture
def prepared(cast, year):
    with in_client(cast.client_id("indus")):
        yield cast.client("indus")


def key(name):
    return SchoolClass.objects.get(external_id=name).pk


def lyari():
    return School.objects.select_related("client").get(external_id="lyari")


def choose(*leaving, on=ENDED, ends_consents=False, **moving):
    targets = {key(name.lstrip("_")): key(target) for name, target in moving.items()}
    return YearEndChoices(moving=targets, leaving=[key(name) for name in leaving], on=on, ends_consents=ends_consents)


def end(cast, choices, by="farah"):
    shown = preview_year_end(lyari(), choices, at=AFTER).fingerprint
    return end_school_year(lyari(), choices, shown=shown, actor=cast.actor(by), at=AFTER)


def closed():
    rows = Subject.objects.filter(account_closed_at__isnull=False).order_by("external_id")
    return [str(one) for one in rows.values_list("external_id", flat=True)]


def test_classes_move_up_together_and_leavers_leave(cast, prepared):
    done = end(cast, choose("5a", _4a="5a"))
    assert periods("lms-danish") == [("4a", "2026-08-01", "2027-06-01"), ("5a", "2027-06-01", None)]
    assert periods("lms-hamza") == [("5a", "2026-08-01", "2027-06-01")], "not those who join the class"
    assert sorted(periods("lms-iqra")) == [("5a", "2026-08-01", "2027-06-01"), ("band", "2026-08-01", None)]
    assert periods("lms-junaid") == [("4a", "2026-08-01", None)], "teachers stay"
    assert closed() == ["lms-hamza"], "Iqra is in the band"
    assert done.staying == {cast.subject_id("iqra")}
    [event] = SubjectEvent.objects.filter(kind="account_closed")
    assert (event.subject_id, event.actor_id) == (cast.subject_id("hamza"), cast.user_id("farah"))
    [entry] = Entry.objects.filter(kind="year_end.done")
    facts = json.loads(entry.body)["facts"]
    assert (entry.actor_id, facts["let_go"]) == (cast.user_id("farah"), 1)
    assert (facts["moved"], facts["left"]) == ({str(key("4a")): str(key("5a"))}, [str(key("5a"))])
    refused_to("bilal sana celia", lambda name: end(cast, choose("5a"), by=name))


def test_a_class_moves_back_and_who_is_in_the_new_class_already_stays_in_it(cast, prepared):
    record(prepared, enrolled("hamza", "6a", ENDED), at=AFTER - DAY)
    end(cast, choose(_4a="5a", _5a="6a"))
    assert periods("lms-hamza") == [("5a", "2026-08-01", "2027-06-01"), ("6a", "2027-06-01", None)]
    end(cast, choose(_5a="4a", on=ENDED + DAY))
    assert periods("lms-danish")[1:] == [("5a", "2027-06-01", "2027-06-02"), ("4a", "2027-06-02", None)]
    assert not closed()


def test_a_class_whose_days_ended_with_the_year_moves_too(cast, prepared):
    record(prepared, enrolled("danish", "4a", ends_on=ENDED), at=IN_THE_YEAR + DAY)
    end(cast, choose(_4a="5a"))
    assert periods("lms-danish") == [("4a", "2026-08-01", "2027-06-01"), ("5a", "2027-06-01", None)]


def test_a_leaver_with_another_role_or_a_class_of_the_new_year_stays(cast, prepared):
    details = {"role": "student", "other_roles": ["instructor"], "full_name": "Hamza Lodhi"}
    register_subject("lms-hamza", client=prepared, details=details, actor=SETTING_UP, at=IN_THE_YEAR)
    record(prepared, enrolled("danish", "9c", date(2027, 8, 1)), at=AFTER - DAY)
    done = end(cast, choose("4a", "5a"))
    assert not closed()
    assert len(done.staying) == 3


def test_retention_begins_with_the_closed_account(cast, prepared):
    make_rule(prepared.pk, "newsletter", "contact_details", at=IN_THE_YEAR, trigger="account_closed")
    make_holding(cast.subject("hamza"), "contact_details", ["newsletter"], collected_at=IN_THE_YEAR)
    end(cast, choose("5a"))
    assert cast.subject("hamza").account_closed_at == AFTER


@pytest.mark.parametrize("ends", [True, False])
def test_the_consents_of_those_who_leave_end_only_if_chosen(ends, cast, prepared):
    for name in ("hamza", "junaid"):
        consents(cast, name, at=IN_THE_YEAR)
    done = end(cast, choose("5a", ends_consents=ends))
    states = dict(Consent.objects.values_list("subject__external_id", "state"))
    assert states == {"lms-hamza": "expired" if ends else "given", "lms-junaid": "given"}
    assert len(done.consents) == ends


def test_nothing_is_done_if_something_changed_since_the_preview(cast, prepared):
    choices = choose("5a")
    shown = preview_year_end(lyari(), choices, at=AFTER).fingerprint
    record(prepared, enrolled("hamza", "9c", ENDED), at=AFTER)
    with pytest.raises(Refused):
        end_school_year(lyari(), choices, shown=shown, actor=cast.actor("farah"), at=AFTER)
    assert not closed()


def test_people_being_erased_are_left_out(cast, prepared):
    erase_subject(cast.subject("hamza"), actor=SETTING_UP, reason=Reason.SUBJECT_REQUEST, at=AFTER)
    assert not end(cast, choose("5a")).leavers


def test_what_cannot_be_chosen_is_refused(cast, prepared, monkeypatch):
    monkeypatch.setattr(services, "MOST_LEAVERS", 0)
    wrong = [choose(), choose(_4a="4a"), choose(_4a="9c"), choose("9c"), choose("4a", _4a="5a"), choose("5a")]
    wrong += [choose("4a", on=day) for day in (AFTER.date() + DAY, ENDED - 400 * DAY)]
    SchoolClass.objects.filter(external_id="6a").update(ended_at=AFTER)
    for choices in [*wrong, choose(_4a="6a")]:
        with pytest.raises(ValidationError):
            end(cast, choices)
    assert not Entry.objects.filter(kind="year_end.done").exists()


def test_queries_do_not_grow_with_the_pupils_who_move(cast, prepared, django_assert_max_num_queries):
    names = [f"n{number}" for number in range(30)]
    for name in names:
        SubjectFactory(client=prepared, external_id=f"lms-{name}")
    record(prepared, *(enrolled(name, "4a") for name in names), at=IN_THE_YEAR)
    choices = choose(_4a="5a")
    with django_assert_max_num_queries(40):
        assert len(end(cast, choices).beginning) == 31


def test_the_page_shows_the_numbers_first_and_asks_for_a_fresh_sign_in(cast, sign_in, year, time_machine):
    time_machine.move_to(AFTER, tick=False)
    farah = sign_in("farah")
    with in_client(cast.client_id("indus")):
        url = f"/admin/schools/school/{lyari().pk}/end-year/"
        fields = {name: f"class-{key(name)}" for name in ("4a", "5a", "6a")}
        given = {fields["4a"]: str(key("5a")), fields["5a"]: "leaves", "on": "2027-06-01"}
    page = farah.get(url).content.decode()
    assert [f'name="{field}"' in page for field in fields.values()] == [True, True, False], "only classes with pupils"
    assert "Choose what becomes of at least one class." in farah.post(url, {"on": "2027-06-01"}).content.decode()
    assert "Choose today or an earlier day" in farah.post(url, {**given, "on": "2027-06-11"}).content.decode()
    page = farah.post(url, given).content.decode()
    assert shows_effect_only(page)
    effect = page.split('id="effect"')[1].split("</section>")[0]
    assert re.findall(r'<td class="number">(\d+)', effect) == ["1", "2"]
    assert re.findall(r"<dd>(\d+)", effect) == ["1", "1", "0"]
    [seen] = re.findall(r'name="seen" value="(\w+)"', page)
    with in_client(cast.client_id("indus")):
        consents(cast, "hamza", at=IN_THE_YEAR)
    again = farah.post(url, {**given, "ends_consents": "on", "seen": seen}).content.decode()
    assert "Nothing has changed yet." in again, "another effect than the one shown"
    with in_client(cast.client_id("indus")):
        assert not closed()
    prove(farah, cast.user("farah"), seconds_ago=7_200)
    assert "reauthenticate" in farah.post(url, {**given, "seen": seen})["Location"]
    prove(farah, cast.user("farah"))
    assert farah.post(url, {**given, "seen": seen}).status_code == 302
    with in_client(cast.client_id("indus")):
        assert closed() == ["lms-hamza"]
    assert sign_in("celia").get(url).status_code == 404
