"""Changes of age, of which those that make an adult wait for a second person; and attempts by a child to decide."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, strategies as st

from children.guardians.contacts import (
    Contact,
    ContactHolders,
    ContactMatch,
    ContactRejection,
    match_emails,
    match_phones,
    why_contact_unusable,
)
from children.guardians.models import Guardianship
from children.guardians.services.answers import NoAuthority, record_service_answer
from children.guardians.services.checks import request_check
from children.guardians.services.guardians import change_guardian, name_guardian
from children.guardians.services.verifications import mark_verification_false, record_verification, verify_guardian
from paktaleem.directory.data_systems.services.issuing import issue_orders
from paktaleem.directory.people import selectors as revealing
from paktaleem.directory.people.models import AgeChange, GuardianClaim, Subject
from paktaleem.directory.people.services.age_recomputation import open_age_change, settle_age_change
from paktaleem.directory.people.services.people import register_subject
from paktaleem.directory.schools.rosters.importing.uploads import confirm_import, upload_roster
from paktaleem.foundation.accounts.actors import NotAllowed, person_actor, user_actor
from paktaleem.foundation.accounts.client_services import change_client
from paktaleem.foundation.accounts.second_person import ChangeAlreadyDecided
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.rows import new_id
from tests.children.guardians import decision_reason, verified_guardian
from tests.factories import SETTING_UP, OrderSpecFactory, SubjectFactory, make_system

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


GROWN = "1990-01-01"
CLOSED = "guardian_consent_required"
PEOPLE = "/api/v1/subjects"


@pytest.mark.parametrize(
    "said",
    [
        {"birth_date": GROWN},
        {"birth_date": None, "attested_age": 30},
        {"declared_age": 30},
        {"age_check": {"result": "over", "age": 18, "checked_on": "2026-08-01", "provider": "me", "reference": "1"}},
        {"role": "instructor", "birth_date": None},
        {"role": "guardian", "birth_date": None},
        {"birth_date": GROWN, "declared_age": 9},
    ],
)
def test_through_the_platforms_profile_one_by_one_and_in_a_batch(indus_lms, now, said):
    assert indus_lms.put(f"{PEOPLE}/lms-danish", {"role": "student", **said}).status_code == 200
    batch = {"subjects": [{"external_id": "lms-danish", "role": "student", **said}]}
    assert indus_lms.post(f"{PEOPLE}/batch", batch).status_code == 200
    assert indus_lms.reason("lms-danish", "service_delivery") in {CLOSED, "age_unknown"}
    assert indus_lms.get(f"{PEOPLE}/lms-danish").json()["age_gate"]["guardian_decides"]


def test_by_a_second_account_named_as_its_guardian(indus_lms):
    mate = {"external_id": "lms-second", "relationship": "parent", "full_name": "Second Account"}
    assert indus_lms.put(f"{PEOPLE}/lms-danish", {"role": "student", "guardians": [mate]}).status_code == 200
    yes = {"guardian": "lms-second", "decision": "given", "evidence": "He says so"}
    address = f"{PEOPLE}/lms-danish/guardian-authorisations"
    assert indus_lms.post(address, yes).status_code == 409
    named = {"guardian": "lms-second", "relationship": "parent", "may_consent": True, "may_receive_data": True}
    assert indus_lms.post(f"{PEOPLE}/lms-danish/guardians", named).status_code == 201
    refused = indus_lms.post(address, yes)
    assert (refused.status_code, refused.json()["type"].rsplit(":", 1)[-1]) == (409, "guardian-not-verified")
    for one in ("lms-danish", "lms-iqra"):
        assert indus_lms.post(f"{PEOPLE}/lms-danish/guardians", {**named, "guardian": one}).status_code == 409
    assert indus_lms.reason("lms-danish", "service_delivery") == CLOSED


def test_by_a_roster_that_makes_it_grown_and_names_a_guardian(cast, indus, danish, now):
    head = "ID,Role,Full name,Birth date,Guardian 1 name,Guardian 1 email,Guardian 1 relationship"
    line = f"lms-danish,student,Danish Khan,{GROWN},A Friend,friend@mail.example,parent"
    bring(indus, f"{head}\n{line}".encode(), cast.actor("farah"), now + MINUTE)
    assert AgeChange.objects.get(subject=danish).route == "roster"
    assert GuardianClaim.objects.filter(child=danish).count() >= 1
    assert not Guardianship.objects.exists()
    assert decision_reason(cast, "lms-danish", now + MINUTE) == CLOSED


def test_the_system_actor_cannot_do_acts_of_staff(cast, indus, danish, esra, now):
    row = verified_guardian(danish, esra, at=now)
    itself = person_actor(danish.pk, danish.client_id, acts_for=danish.pk)
    by: dict[str, Any] = {"actor": itself, "at": now}
    authority: dict[str, Any] = {"relationship": "parent", "may_consent": True, "may_receive_data": True}
    proof: dict[str, Any] = {"method": "in_person", "evidence": "I saw me"}
    check: dict[str, Any] = {"provider": "folder", "method": "payment_card", "answer_to": ""}
    told = {"client": indus, "details": {"birth_date": date(1990, 1, 1)}}
    register_subject("lms-danish", **told, actor=SETTING_UP, at=now)
    attempts = [
        lambda: name_guardian(danish, guardian=cast.subject("junaid"), **authority, **by),
        lambda: change_guardian(row, changes={"court_order": True}, ground="The court decided.", **by),
        lambda: verify_guardian(row, **proof, **by),
        lambda: request_check(row, **check, **by),
        lambda: mark_verification_false(_proof(row), **by),
        lambda: register_subject("lms-danish", **told, **by),
        lambda: settle_age_change(AgeChange.objects.get(), approve=True, **by),
        lambda: record_service_answer(danish, guardian=esra, decision="given", route="portal", **by),
    ]
    for attempt in attempts:
        with pytest.raises(NotAllowed):
            attempt()
    assert decision_reason(cast, "lms-danish", now) == CLOSED


def _proof(row):
    told = {"kept": {}, "actor": SETTING_UP, "reason": "review", "at": row.starts_at}
    return record_verification(row, method="school_attested", **told)


def test_by_an_order_to_correct_the_portal_itself_is_not_changed(cast, indus, danish, now):
    make_system(indus, "records", ["credentials"], delivery="by_hand")
    told = OrderSpecFactory(kind="correct", categories=("credentials",), at=now)
    issue_orders(danish, told, new_values={"birth_date": GROWN}, actor=SETTING_UP, at=now)
    assert Subject.objects.get(pk=danish.pk).of_age_at == danish.of_age_at
    assert decision_reason(cast, "lms-danish", now) == CLOSED


def test_by_the_guardian_of_a_classmate(cast, indus, danish, esra, now):
    mate = SubjectFactory(client=indus, external_id="lms-mate", birth_date=date(2016, 1, 1), at=now)
    verified_guardian(danish, esra, at=now)
    told = {"route": "paper", "evidence": "Form 33 in folder 12", "actor": SETTING_UP, "at": now}
    with pytest.raises((NoAuthority, LookupError)):
        record_service_answer(mate, guardian=esra, decision="given", **told)
    assert decision_reason(cast, "lms-mate", now) == CLOSED


MAILBOX = "danish.qureshi@gmail.com"


@pytest.mark.parametrize(
    "written",
    [
        "Danish.Qureshi@Gmail.com",
        "danishqureshi@gmail.com",
        "d.a.n.i.s.h.qureshi@gmail.com",
        "danish.qureshi+father@gmail.com",
        "danish.qureshi@googlemail.com",
        " danish.qureshi@gmail.com ",
        "\uff44anish.qureshi@gmail.com",
    ],
)
def test_one_mailbox_is_the_same_however_it_is_written(written):
    assert match_emails(written, MAILBOX) == ContactMatch.SAME
    assert match_emails(MAILBOX, written) == ContactMatch.SAME


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("d\u0430nish.qureshi@gmail.com", MAILBOX),  # Cyrillic a
        ("d\u00e1nish.qureshi@gmail.com", MAILBOX),
        ("ali1@mail.example", "alil@mail.example"),
        ("nao0r@mail.example", "naoor@mail.example"),
        ("rnaryam@mail.example", "maryam@mail.example"),
        ("ali@school.exarnple", "ali@school.example"),
        ("ali@xn--mil-6cd.example", "ali@mail.example"),  # m-Cyrillic a-il
    ],
)
def test_what_looks_alike_is_alike(one, other):
    assert (match_emails(one, other), match_emails(other, one)) == (ContactMatch.ALIKE, ContactMatch.ALIKE)


@pytest.mark.parametrize(
    "other", ["esra.qureshi@gmail.com", "danish.qureshi@mail.example", "danish.qureshi2@gmail.com"]
)
def test_another_mailbox_is_another(other):
    assert match_emails(other, MAILBOX) is None


@pytest.mark.parametrize(
    ("domain", "alias", "match"),
    [("icloud.com", "me.com", ContactMatch.SAME), ("icloud.com", "mac.com", ContactMatch.SAME)]
    + [("outlook.com", other, None) for other in ("hotmail.com", "live.com")],
)
def test_true_aliases_of_a_domain_are_one_and_others_are_not(domain, alias, match):
    assert match_emails(f"ali@{alias}", f"ali@{domain}") == match


@pytest.mark.parametrize(
    "written", ["0300 1234567", "+92 (300) 123-4567", "00923001234567", "۰۳۰۰۱۲۳۴۵۶۷", "923001234567"]
)
def test_one_number_is_the_same_however_it_is_written(written):
    assert match_phones(written, "+923001234567", region="PK") == ContactMatch.SAME
    assert match_phones(written, "+923001234568", region="PK") is None


def test_each_reason_has_its_own_text():
    def why(channel, child, guardian, **held):
        known = {"child": child, "guardian": guardian, "holders": ContactHolders(**held)}
        return why_contact_unusable(channel, **known, region="PK")

    esra = Contact(email="esra@mail.example", phone="+923001234567")
    danish = Contact(email="danish@mail.example", phone="0300-1234567")
    assert why("mail", danish, esra) is None
    assert why("text", danish, esra) == ContactRejection.OF_THE_CHILD  # one telephone per household
    assert why("mail", danish, Contact()) == ContactRejection.MISSING
    assert why("mail", danish, Contact(email="Danish+1@mail.example")) == ContactRejection.OF_THE_CHILD
    assert why("mail", danish, Contact(email="dan1sh@mail.example"), children=0) is None
    alike = Contact(email="alil@x.example"), Contact(email="ali1@x.example")
    assert why("mail", *alike) == ContactRejection.LIKE_A_CHILD
    assert why("mail", danish, esra, children=1) == ContactRejection.OF_A_CHILD
    assert why("mail", danish, esra, others=2) is None
    assert why("mail", danish, esra, others=3) == ContactRejection.SHARED


def test_nothing_is_printed():
    assert "danish" not in repr(Contact(email=MAILBOX))


@given(st.text(max_size=40), st.text(max_size=40))
def test_a_name_matches_itself_and_matching_is_symmetric(one, other):
    assert (match_emails(one, one), match_emails(one, other)) == (ContactMatch.SAME, match_emails(other, one))
    assert match_phones(one, one, region="PK") == ContactMatch.SAME
