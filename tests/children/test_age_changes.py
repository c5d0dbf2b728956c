"""Changes of age: a change that makes an adult waits for a second person; one that makes a child applies at once."""

from datetime import date, timedelta

import pytest

from paktaleem.directory.people import selectors as revealing
from paktaleem.directory.people.models import AgeChange, Subject
from paktaleem.directory.people.services.age_recomputation import open_age_change, settle_age_change
from paktaleem.directory.people.services.people import register_subject
from paktaleem.directory.schools.rosters.importing.uploads import confirm_import, upload_roster
from paktaleem.foundation.accounts.actors import NotAllowed, user_actor
from paktaleem.foundation.accounts.client_services import change_client
from paktaleem.foundation.accounts.second_person import ApproverIsRequester, ChangeAlreadyDecided
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.rows import new_id
from tests.children.guardians import decision_reason
from tests.factories import SETTING_UP, SubjectFactory

MINUTE = timedelta(minutes=1)


def say(client, person, at, actor=SETTING_UP, **details):
    return register_subject(person.external_id, client=client, details=details, actor=actor, at=at)[0]


def bring(client, roster, actor, at):
    row = upload_roster(roster, client=client, everybody=False, actor=actor, at=at)
    assert confirm_import(row, actor=actor, at=at).state == "done"


def gate(person):
    kept = Subject.objects.get(pk=person.pk)
    return kept.of_age_at, kept.role


LOOSENING = [
    {"birth_date": date(1990, 1, 1)},
    {"birth_date": date(2013, 1, 1)},
    {"birth_date": date(1990, 1, 1), "role": "instructor"},
    {"birth_date": None, "attested_age": 30},
    {"birth_date": None, "role": "guardian"},
    {"birth_date": None, "role": "instructor"},
]


@pytest.mark.parametrize("details", LOOSENING)
def test_what_would_make_an_adult_of_a_child_waits_and_the_rest_is_written(cast, indus, danish, now, details):
    before = gate(danish)
    say(indus, danish, now, full_name="Danish Ali Qureshi", **details)
    assert gate(danish) == before
    waiting = AgeChange.objects.get()
    assert (waiting.state, waiting.route, waiting.subject_id) == ("waiting", "api", danish.pk)
    assert Entry.objects.filter(kind="subject.changed", subject_id=danish.pk).count() == 1
    assert "1990" not in Entry.objects.get(kind="subject.age_change_waiting").body


def test_a_change_that_makes_no_one_older_takes_effect_at_once(cast, indus, danish, now):
    later = say(indus, danish, now, birth_date=date(2019, 1, 1))
    assert later.of_age_at is not None
    assert later.of_age_at.year == 2031
    assert not AgeChange.objects.exists()


def test_the_first_age_that_is_stated_takes_effect_and_a_role_alone_does_not(cast, indus, now):
    iqra = cast.subject("iqra")
    say(indus, iqra, now, role="guardian")
    assert gate(iqra) == (None, "student")
    say(indus, iqra, now, birth_date=date(1990, 1, 1))
    assert gate(iqra)[0] is not None
    assert gate(iqra)[0] < now


ADULT, OVER_13 = date(1990, 1, 1), "over 13@2026-09-01 k-id/c-1"
CHILD = {"birth_date": date(2017, 3, 14)}
STEPS = {
    "the birth date is taken away, then another is stated": (CHILD, {"birth_date": None}, {"birth_date": ADULT}),
    "taken away, then another role": (CHILD, {"birth_date": None}, {"role": "instructor"}),
    "what somebody declares is taken away, then a first age is stated": (
        {"declared_age": 9},
        {"declared_age": None},
        {"attested_age": 30},
    ),
    "a contradiction, what made it is taken away, then one of both again": (
        CHILD,
        {"declared_age": 9},
        {"birth_date": ADULT},
        {"birth_date": None, "declared_age": None},
        {"birth_date": ADULT},
    ),
    "a country with a lower age": ({"birth_date": None, "age_check": OVER_13}, {"country": "GB"}),
    "a country, with something said that shows nothing": (
        {"birth_date": None, "age_check": OVER_13},
        {"country": "GB", "declared_age": 40},
    ),
    "a guardian's role, with something said that shows nothing": (
        {"birth_date": None},
        {"role": "guardian", "declared_age": 40},
    ),
}


@pytest.mark.parametrize("steps", STEPS.values(), ids=STEPS)
def test_several_changes_together_make_no_one_an_adult(cast, indus, now, steps):
    """At a school with an age of consent of 16, and of 13 in GB."""
    indus.age_threshold, indus.country_thresholds = 16, {"GB": 13}
    change_client(indus, actor=cast.actor("amina"), reason="review", at=now)
    for number, details in enumerate(steps):
        told = {"client": indus, "actor": SETTING_UP, "at": now + number * MINUTE}
        found, _ = register_subject("several", details={"role": "student", **details}, **told)
    assert AgeChange.objects.filter(subject=found, state="waiting").exists()
    assert decision_reason(cast, "several", now + 9 * MINUTE) in {"age_unknown", "guardian_consent_required"}


def test_a_second_person_confirms(cast, indus, danish, now):
    farah = cast.actor("farah")
    say(indus, danish, now, actor=farah, birth_date=date(1990, 1, 1))
    waiting = AgeChange.objects.get()
    with pytest.raises(ApproverIsRequester):
        settle_age_change(waiting, approve=True, actor=farah, at=now)
    for actor in (cast.actor("bilal"), cast.actor("celia"), cast.key_actor("indus"), SETTING_UP):
        with pytest.raises(NotAllowed):
            settle_age_change(waiting, approve=True, actor=actor, at=now)
    shown = open_age_change(waiting, actor=farah, reason="review", at=now)
    assert shown["birth_date"] == date(1990, 1, 1)
    other = user_actor(new_id(), "client_admin", indus.id)
    settled = settle_age_change(waiting, approve=True, actor=other, at=now + MINUTE)
    assert (settled.state, settled.settled_at) == ("approved", now + MINUTE)
    assert gate(danish)[0] < now
    with pytest.raises(ChangeAlreadyDecided):
        settle_age_change(waiting, approve=True, actor=other, at=now + MINUTE)


def test_a_declined_change_is_not_proposed_again_and_a_new_one_replaces_a_waiting_one(cast, indus, danish, now):
    say(indus, danish, now, birth_date=date(1990, 1, 1))
    settle_age_change(AgeChange.objects.get(), approve=False, actor=cast.actor("farah"), at=now)
    say(indus, danish, now + MINUTE, birth_date=date(1990, 1, 1))
    assert AgeChange.objects.count() == 1
    say(indus, danish, now + MINUTE, birth_date=date(1991, 1, 1))
    say(indus, danish, now + MINUTE, birth_date=date(1992, 1, 1))
    assert sorted(AgeChange.objects.values_list("state", flat=True)) == ["declined", "replaced", "waiting"]


def test_a_roster_waits_too_and_asks_once(cast, indus, danish, now):
    people = [
        SubjectFactory(client=indus, external_id=f"kid-{n}", birth_date=date(2018, 1, 1), full_name=f"Kid {n}", at=now)
        for n in range(40)
    ]
    lines = ["ID,Role,Full name,Birth date", *(f"kid-{n},student,Kid {n},1990-01-01" for n in range(40))]
    bring(indus, "\n".join(lines).encode(), cast.actor("farah"), now + MINUTE)
    assert AgeChange.objects.filter(route="roster", state="waiting").count() == 40
    assert all(gate(one)[0] > now for one in people)
    again = now + 2 * MINUTE
    bring(indus, "\n".join(lines).encode(), cast.actor("farah"), again)
    assert AgeChange.objects.count() == 40


def test_a_revealed_child_is_treated_as_one_at_once_and_the_apps_above_are_called(cast, indus, now, monkeypatch):
    told = []
    monkeypatch.setattr(revealing, "child_revealed", [lambda *found: told.append(found)])
    junaid, kid = cast.subject("junaid"), SubjectFactory(client=indus, external_id="grown", birth_date=date(1990, 1, 1))
    say(indus, junaid, now, birth_date=date(2018, 1, 1))
    assert gate(junaid)[0] > now
    assert [(client, list(people), at) for client, people, _, at in told] == [(indus.id, [junaid.pk], now)]
    roster = b"ID,Role,Full name,Birth date\ngrown,student,Someone,2018-01-01"
    bring(indus, roster, cast.actor("farah"), now)
    assert [list(people) for _, people, _, _ in told[-1:]] == [[kid.pk]]
    assert gate(kid)[0] > now


def test_a_raised_age_makes_no_adult_of_a_child_in_an_adults_role(cast, indus, now):
    told = {"client": indus, "actor": SETTING_UP, "at": now}
    register_subject("assistant", details={"role": "instructor", **CHILD}, **told)
    indus.age_threshold = 16
    change_client(indus, actor=cast.actor("amina"), reason="law_change", at=now)
    assert Subject.objects.get(external_id="assistant").of_age_for(indus.thresholds) is None
    assert decision_reason(cast, "assistant", now + MINUTE) == "age_unknown"
