"""The end of a school year: numbers first, then classes close, leavers' accounts close, consents renew or end."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from consent.consents.services.recording import withdraw_consent
from consent.register.models.purposes import Purpose
from consent.register.services.register import change_register
from paktaleem.directory.people.models import Subject, SubjectEvent
from paktaleem.directory.people.services.erasure import erase_subject
from paktaleem.directory.people.services.people import register_subject
from paktaleem.directory.schools.models import SchoolClass
from paktaleem.directory.schools.selections import Selection
from paktaleem.foundation.accounts.actors import NotAllowed
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.office.school_years.admin.year_ends import build_panels
from paktaleem.office.school_years.models import LeaversBy, YearEnd, YearEndClass, YearEndPerson
from paktaleem.office.school_years.services import (
    YearEndAlreadyOpen,
    YearEndMovedOn,
    cancel_year_end,
    close_classes,
    confirm_year_end,
    count_year_end,
    finish_people,
)
from tests.cast import Cast
from tests.factories import SETTING_UP, SubjectFactory
from tests.retention.schedule.making import make_holding, make_rule
from tests.school_years.making import (
    AFTER,
    CLASSES,
    IN_THE_YEAR,
    NEW,
    OLD,
    WORKER,
    carried_out,
    consents,
    enrolled,
    numbers,
    prepared,
    record,
    state_of,
)
from tests.schools.making import periods

DAY = timedelta(days=1)
MIDWAY = date(2027, 1, 11)
NEXT = enrolled("danish", "5a", NEW[0])


@pytest.fixture
def indus(cast: Cast) -> Iterator[Client]:
    """Indus in its context: Danish in 4-A, Hamza in 9-C, Iqra in 4-A and the band, Junaid teaches 4-A."""
    with in_client(cast.client_id("indus")):
        client = cast.client("indus")
        record(
            client,
            enrolled("danish", "4a"),
            enrolled("hamza", "9c"),
            enrolled("iqra", "4a"),
            enrolled("iqra", "band"),
            enrolled("junaid", "4a", role="teacher"),
            at=IN_THE_YEAR,
        )
        yield client


def expiring(code: str = "newsletter", months: int = 24) -> None:
    """Give consents to a purpose a period, as the register has it."""
    row = Purpose.objects.get(code=code)
    row.consent_months = months
    change_register(row, actor=SETTING_UP, reason=Reason.REVIEW, at=IN_THE_YEAR)


def chosen(**conditions: Any) -> dict[str, Any]:
    """Return the choice of leavers by everything but their ids."""
    return {"leavers_by": LeaversBy.CHOSEN, "chosen": Selection(**conditions)}


def named(*names: str, **conditions: Any) -> dict[str, Any]:
    """Return the choice of leavers by their ids."""
    ids = tuple(f"lms-{name}" for name in names)
    return {"leavers_by": LeaversBy.PEOPLE, "chosen": Selection(ids=ids, **conditions)}


def leavers(row: YearEnd) -> list[str]:
    found = YearEndPerson.objects.filter(year_end=row, is_leaver=True).order_by("subject__external_id")
    return [str(one.subject.external_id) for one in found.select_related("subject")]


def closed() -> list[str]:
    rows = Subject.objects.filter(account_closed_at__isnull=False).order_by("external_id")
    return [str(one) for one in rows.values_list("external_id", flat=True)]


def test_the_year_ends_as_the_preview_said_and_a_second_run_changes_nothing(cast: Cast, indus: Client) -> None:
    expiring("product_research")
    consents(cast, "hamza", at=IN_THE_YEAR)
    for name in ("hamza", "junaid"):
        consents(cast, name, at=IN_THE_YEAR, purpose="product_research")
    record(indus, NEXT, at=AFTER - DAY)
    row = prepared(cast, let_go=["newsletter"], renewed=["product_research"])
    assert (row.stage, leavers(row)) == ("ready", ["lms-hamza"])
    expected = {"classes": 2, "enrolments": 4, "people": 3, "leavers": 1, "let_go": 1}
    assert numbers(row) == expected
    assert not SchoolClass.objects.exclude(ended_at=None).exists()
    assert not closed()

    row = carried_out(cast, row)
    assert (row.stage, row.result) == ("done", expected)
    assert closed() == ["lms-hamza"]
    ended = SchoolClass.objects.exclude(ended_at=None).order_by("external_id")
    assert [one.external_id for one in ended] == ["4a", "9c"]
    assert periods("lms-danish") == [("4a", "2026-08-01", "2027-06-01"), ("5a", "2027-08-01", None)]
    assert periods("lms-iqra")[1] == ("band", "2026-08-01", None) or periods("lms-iqra")[0][0] == "band"
    assert (state_of("hamza").state, state_of("hamza", "product_research").asked_at) == ("expired", None)
    assert not YearEndPerson.objects.exists()
    assert not YearEndClass.objects.exists()
    kinds = Entry.objects.filter(family="year_end").order_by("recorded_at", "pk").values_list("kind", flat=True)
    assert [*kinds] == ["year_end.prepared", "year_end.confirmed", "year_end.done"]
    for step in (count_year_end, close_classes, finish_people):
        assert not step(row, actor=WORKER, at=AFTER)
    again = carried_out(cast, prepared(cast, AFTER + DAY), AFTER + DAY)
    assert {name: number for name, number in again.result.items() if number} == {"people": 3}
    assert SubjectEvent.objects.filter(kind="account_closed").count() == 1


def test_asking_again_leaves_the_consent_in_force_and_asks_no_one_who_leaves(cast: Cast, indus: Client) -> None:
    expiring()
    before = consents(cast, "hamza", at=IN_THE_YEAR)
    record(indus, enrolled("hamza", "5a", NEW[0]), at=AFTER - DAY)
    row = carried_out(cast, prepared(cast, renewed=["newsletter"]))
    after = state_of("hamza")
    assert (after.state, after.expires_at, after.event_id) == ("given", before.expires_at, before.event_id)
    assert after.asked_at is not None
    assert row.result["renewed"] == 1


def test_a_consent_given_after_the_year_is_not_let_go(cast: Cast, indus: Client) -> None:
    consents(cast, "hamza", at=AFTER - 9 * DAY)
    row = carried_out(cast, prepared(cast, let_go=["newsletter"]))
    assert (state_of("hamza").state, row.plan["let_go"]) == ("given", 0)


def test_a_consent_withdrawn_after_the_preview_stays_withdrawn(cast: Cast, indus: Client) -> None:
    consents(cast, "hamza", at=IN_THE_YEAR)
    row = prepared(cast, let_go=["newsletter"])
    withdraw_consent(cast.subject("hamza"), purpose="newsletter", actor=SETTING_UP, at=AFTER)
    carried_out(cast, row)
    assert state_of("hamza").state == "withdrawn"


def test_leavers_are_chosen_by_class_by_id_or_not_at_all(cast: Cast, indus: Client) -> None:
    record(indus, NEXT, at=AFTER - DAY)
    cases: list[tuple[dict[str, Any], list[str]]] = [
        ({"leavers_by": LeaversBy.NONE}, []),
        (chosen(places=("4a", "9c")), ["lms-hamza"]),
        (chosen(places=("clifton",)), ["lms-hamza"]),
        (chosen(places=("lyari",)), []),
        (chosen(beginning="lms-h"), ["lms-hamza"]),
        (chosen(beginning="lms-h", places=("4a",)), []),
        (named("danish"), ["lms-danish"]),
        ({"leavers_by": LeaversBy.WITHOUT_CLASS, "school": "lyari"}, []),
        ({"leavers_by": LeaversBy.WITHOUT_CLASS, "school": "clifton"}, ["lms-hamza"]),
    ]
    for choices, expected in cases:
        row = prepared(cast, **choices)
        assert leavers(row) == expected, choices
        cancel_year_end(row, actor=cast.actor("farah"), at=AFTER)
    assert not closed()
    done = carried_out(cast, prepared(cast, **named("danish")))
    assert (closed(), done.result["leavers"]) == (["lms-danish"], 1)


def test_a_leaver_who_gets_a_class_after_the_preview_stays(cast: Cast, indus: Client) -> None:
    row = prepared(cast)
    assert leavers(row) == ["lms-danish", "lms-hamza"]
    record(indus, NEXT, at=AFTER)
    row = carried_out(cast, row)
    assert (closed(), row.result["stayed"]) == (["lms-hamza"], 1)


def test_a_chunk_that_is_cut_off_leaves_nothing_half_done_and_is_done_again(cast: Cast, indus: Client) -> None:
    consents(cast, "hamza", at=IN_THE_YEAR)
    row = prepared(cast, let_go=["newsletter"])
    confirm_year_end(row, actor=cast.actor("farah"), at=AFTER)
    for step in (close_classes, finish_people):
        with transaction.atomic():
            assert step(row, actor=WORKER, at=AFTER)
            transaction.set_rollback(True)
    row.refresh_from_db()
    assert (row.result, row.cursor, closed(), state_of("hamza").state) == ({}, None, [], "given")
    for step in (close_classes, finish_people):
        while step(row, actor=WORKER, at=AFTER, size=2):
            pass
    row.refresh_from_db()
    assert (row.stage, closed(), row.result["let_go"]) == ("done", ["lms-danish", "lms-hamza"], 1)


def test_a_learner_who_also_teaches_does_not_leave_but_the_consents_of_the_year_end(cast: Cast, indus: Client) -> None:
    details = {"role": "student", "other_roles": ["instructor"], "full_name": "Hamza Lodhi"}
    register_subject("lms-hamza", client=indus, details=details, actor=SETTING_UP, at=IN_THE_YEAR)
    consents(cast, "hamza", at=IN_THE_YEAR)
    with pytest.raises(ValidationError):
        prepared(cast, **named("hamza"))
    row = prepared(cast, let_go=["newsletter"])
    assert leavers(row) == ["lms-danish"]
    carried_out(cast, row)
    assert (closed(), state_of("hamza").state) == (["lms-danish"], "expired")


def test_people_erased_in_the_meantime_are_skipped(cast: Cast, indus: Client) -> None:
    row = prepared(cast)
    erase_subject(cast.subject("hamza"), actor=SETTING_UP, reason=Reason.SUBJECT_REQUEST, at=AFTER)
    row = carried_out(cast, row)
    assert (closed(), row.result["people"]) == (["lms-danish"], 2)


def test_the_page_says_how_many_leavers_stayed_or_were_skipped_and_why(cast: Cast, indus: Client) -> None:
    row = prepared(cast)
    assert [line for line in numbers_of(row) if line[2]] == []
    record(indus, NEXT, at=AFTER)
    erase_subject(cast.subject("hamza"), actor=SETTING_UP, reason=Reason.SUBJECT_REQUEST, at=AFTER)
    lines = {str(label): (planned, done) for label, planned, done in numbers_of(carried_out(cast, row))}
    assert lines["Pupils who leave: their accounts close"] == (2, 0)
    assert lines["Stayed, because they have a class by now"] == ("", 1)
    assert lines["Skipped, because they are erased or being erased"] == ("", 1)


def numbers_of(row: YearEnd) -> list[Any]:
    return list(build_panels(row)[0]["lines"])


def test_the_preview_says_what_is_deleted_when_and_closes_no_account(cast: Cast, indus: Client) -> None:
    make_rule(indus.pk, "newsletter", "contact_details", at=IN_THE_YEAR, trigger="account_closed")
    for name in ("danish", "hamza"):
        make_holding(cast.subject(name), "contact_details", ["newsletter"], collected_at=IN_THE_YEAR)
    record(indus, NEXT, at=AFTER - DAY)
    row = prepared(cast)
    found = {one["of_leavers"]: (one["due"], one["open"], (one["first"] or "")[:10]) for one in row.plan["deletions"]}
    assert found == {True: (1, 0, "2027-07-10"), False: (0, 1, "")}
    assert not closed()


def test_leavers_are_chosen_by_their_grade_or_that_of_their_class_of_the_year(cast: Cast, indus: Client) -> None:
    graded = [CLASSES[0]._replace(grade="9"), CLASSES[1]._replace(grade="9"), *CLASSES[2:]]
    record(indus, NEXT, at=AFTER - DAY, classes=graded)
    by: dict[str, Any] = {"client": indus, "actor": SETTING_UP, "at": AFTER - DAY}

    def leave(*grades: str) -> list[str]:
        row = prepared(cast, **chosen(grades=grades))
        found = leavers(row)
        cancel_year_end(row, actor=cast.actor("farah"), at=AFTER)
        return found

    assert leave("9") == ["lms-hamza"]  # Danish and Iqra have a class afterwards
    register_subject("lms-hamza", details={"grade": "8"}, **by)
    assert (leave("9"), leave("8", "9")) == ([], ["lms-hamza"])


def test_leavers_are_chosen_by_the_role_and_by_their_last_class_of_the_year(cast: Cast, indus: Client) -> None:
    register_subject("lms-hamza", client=indus, details={"role": "learner"}, actor=SETTING_UP, at=IN_THE_YEAR)
    moved = [enrolled("danish", "4a", ends_on=MIDWAY), enrolled("danish", "9c", MIDWAY)]
    over = enrolled("hamza", "9c", ends_on=OLD[1])  # in no class today
    record(indus, *moved, over, at=IN_THE_YEAR)
    found = {}
    for name, conditions in (
        ("learners", {"role": "learner"}),
        ("students", {"role": "student"}),
        ("the class that Danish left", {"places": ("4a",)}),
        ("the class that Danish joined", {"places": ("9c",)}),
        ("students of it", {"places": ("9c",), "role": "student"}),
    ):
        row = prepared(cast, **chosen(**conditions))
        found[name] = leavers(row)
        cancel_year_end(row, actor=cast.actor("farah"), at=AFTER)
    assert found == {
        "learners": ["lms-hamza"],
        "students": ["lms-danish"],
        "the class that Danish left": [],
        "the class that Danish joined": ["lms-danish", "lms-hamza"],
        "students of it": ["lms-danish"],
    }


@pytest.mark.parametrize(
    ("choices", "field"),
    [
        ({"school": "nowhere"}, "school"),
        (chosen(places=("4a", "nowhere")), "place"),
        (chosen(grades=("12",)), "grade"),
        (chosen(), "leavers_by"),
        (chosen(ids=("lms-hamza",)), "ids"),
        (named(), "ids"),
        (named("kiran"), "ids"),
        (named("junaid"), "ids"),
        (named("danish", places=("9c",)), "ids"),
        ({"chosen": Selection(grades=("9",))}, "leavers_by"),
        ({"renewed": ["newsletter"]}, "renewed"),
        ({"let_go": ["account_management"]}, "let_go"),
        ({"let_go": ["newsletter"], "renewed": ["newsletter"]}, "renewed"),
    ],
)
def test_what_cannot_be_chosen_is_refused_by_field(choices: Any, field: str, cast: Cast, indus: Client) -> None:
    with pytest.raises(ValidationError) as caught:
        prepared(cast, **choices)
    assert list(caught.value.message_dict) == [field]
    assert not YearEnd.objects.exists()


def test_only_a_term_that_is_over_ends_and_one_at_a_time(cast: Cast, indus: Client) -> None:
    last_evening = AFTER.replace(month=5, day=31, hour=18, minute=30)  # 23:30 in Karachi
    with pytest.raises(ValidationError):
        prepared(cast, last_evening)
    row = prepared(cast, last_evening + timedelta(hours=1))
    with pytest.raises(YearEndAlreadyOpen):
        prepared(cast)
    cancel_year_end(row, actor=cast.actor("farah"), at=AFTER)
    for act in (cancel_year_end, confirm_year_end):
        with pytest.raises(YearEndMovedOn):
            act(row, actor=cast.actor("farah"), at=AFTER)
    assert not close_classes(row, actor=WORKER, at=AFTER)
    assert SchoolClass.objects.filter(ended_at=None).count() == len(CLASSES)


@pytest.mark.parametrize("name", ["bilal", "sana", "celia"])
def test_another_role_or_client_may_neither_prepare_nor_confirm(name: str, cast: Cast, indus: Client) -> None:
    with pytest.raises(NotAllowed):
        prepared(cast, by=name)
    row = prepared(cast)
    for act in (confirm_year_end, cancel_year_end):
        with pytest.raises(NotAllowed):
            act(row, actor=cast.actor(name), at=AFTER)


def test_the_database_refuses_a_year_that_runs_without_a_confirmation(cast: Cast, indus: Client) -> None:
    row = prepared(cast)
    with pytest.raises(IntegrityError, match="yearend_confirmed_first"), transaction.atomic():
        YearEnd.objects.filter(pk=row.pk).update(stage="running")


def test_queries_do_not_grow_with_the_pupils_of_the_year(
    cast: Cast, indus: Client, django_assert_max_num_queries: Any
) -> None:
    names = [f"n{number}" for number in range(30)]
    for name in names:
        SubjectFactory(client=indus, external_id=f"lms-{name}")
    record(indus, *(enrolled(name, "4a") for name in names), at=IN_THE_YEAR)
    with django_assert_max_num_queries(60):
        row = prepared(cast, let_go=["newsletter"])
    assert row.plan["people"] == 33
