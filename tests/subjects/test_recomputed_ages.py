"""A changed threshold: ages computed for another one count as unknown until the worker has recomputed them."""

import json
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from procrastinate.contrib.django.models import ProcrastinateJob

from consent.decisions.facts import Question
from consent.decisions.selectors.decisions import decide_one
from paktaleem.directory.people.details import ADULT_SENTINEL
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.services.age_recomputation import recompute_ages
from paktaleem.directory.people.services.people import register_subject
from paktaleem.directory.people.tasks import recompute_ages_of_client
from paktaleem.foundation.accounts.actors import NotAllowed
from paktaleem.foundation.accounts.changes import ProposedChange, decide_proposed_change
from paktaleem.foundation.accounts.client_services import RECOMPUTE_AGES, change_client
from paktaleem.foundation.tenancy.context import in_client, in_global
from tests.api.callers import Caller
from tests.children.guardians import decision_reason, record_answer, verified_guardian
from tests.factories import SETTING_UP, SubjectFactory
from tests.working import work

SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)
WORK = {RECOMPUTE_AGES: recompute_ages_of_client}
CLOSED, OPEN = "guardian_consent_required", "permitted"
FIFTEEN = date(2011, 3, 1)
"""Birth date of a person aged fifteen on the day of the tests."""


pytestmark = pytest.mark.usefixtures("clock")


def change(cast, at, code="indus", **values):
    with in_client(cast.client_id(code)):
        client = cast.client(code)
        for name, value in values.items():
            setattr(client, name, value)
        change_client(client, ground="A new law.", actor=cast.actor("amina"), reason="law_change", at=at)


def agree(cast, at, code="indus", by="farah"):
    with in_client(cast.client_id(code)):
        decide_proposed_change(ProposedChange.objects.get(state="waiting"), approve=True, actor=cast.actor(by), at=at)


def say(cast, name, at, code="indus", **details):
    with in_client(cast.client_id(code)):
        given_ = {"role": "student", "birth_date": FIFTEEN, **details}
        return register_subject(name, client=cast.client(code), details=given_, actor=SETTING_UP, at=at)[0]


def columns(cast, name, code="indus"):
    with in_client(cast.client_id(code)):
        kept = Subject.objects.get(external_id=name)
        return kept.of_age_threshold, kept.of_age_at


@pytest.mark.parametrize("role", ["student", "learner", "instructor", "administrator"])
def test_a_raised_threshold_recomputes_people_of_every_role(cast, now, role):
    say(cast, "young", now, role=role)
    assert decision_reason(cast, "young", now) == OPEN
    change(cast, now, age_threshold=18)
    work(WORK)
    assert columns(cast, "young") == (18, datetime(2029, 2, 28, 19, tzinfo=UTC))
    assert decision_reason(cast, "young", now) == CLOSED


def test_a_changed_country_threshold_recomputes_its_residents(cast, now):
    say(cast, "there", now, country="DE")
    say(cast, "here", now)
    change(cast, now, country_thresholds={"DE": 16})
    work(WORK)
    assert columns(cast, "there") == (16, datetime(2027, 2, 28, 19, tzinfo=UTC))
    assert columns(cast, "here")[0] == 13
    assert [decision_reason(cast, name, now) for name in ("there", "here")] == [CLOSED, OPEN]


def test_a_lowered_threshold_applies_after_approval_and_recomputation(cast, now):
    change(cast, now, age_threshold=16)
    work(WORK)
    say(cast, "young", now)
    change(cast, now, age_threshold=13)
    work(WORK)
    assert decision_reason(cast, "young", now) == CLOSED
    agree(cast, now)
    assert decision_reason(cast, "young", now) == "age_unknown", "until it is computed"
    work(WORK)
    assert (columns(cast, "young")[0], decision_reason(cast, "young", now)) == (13, OPEN)


@pytest.mark.parametrize(("before", "after"), [(13, 18), (16, 13)])
def test_a_known_child_is_not_treated_as_an_adult_before_recomputation(cast, now, before, after):
    """An unknown age counts as an adult's at a client without minors, except if a change made it unknown."""
    if before != 13:
        change(cast, now, "khyber", age_threshold=before)
        work(WORK)
    say(cast, "child", now, "khyber", birth_date=date(2014, 3, 1))
    khyber, told = cast.client_id("khyber"), Question(purpose="service_delivery", at=now)

    def asked():
        with in_client(khyber):
            return str(decide_one(cast.key_actor("khyber"), khyber, "child", told, now=now).reason)

    assert asked() == CLOSED
    change(cast, now, "khyber", age_threshold=after)
    if after < before:
        agree(cast, now, "khyber", by="celia")
    assert asked() == "age_unknown"
    work(WORK)
    assert asked() == CLOSED


@pytest.mark.parametrize(
    ("zone", "earlier"), [("America/Los_Angeles", False), ("Asia/Tokyo", True), ("Pacific/Kiritimati", True)]
)
def test_a_changed_time_zone_permits_nothing_too_early(cast, now, clock, zone, earlier):
    born = date(2013, 10, 2)
    child = say(cast, "child", now, birth_date=born)
    old = child.of_age_at
    change(cast, now, time_zone=zone)
    work(WORK)
    _, new = columns(cast, "child")
    assert (new < old) == earlier
    assert [decision_reason(cast, "child", at) for at in (new - SECOND, new)] == [CLOSED, OPEN]


def test_a_person_of_age_only_in_the_old_time_zone_is_a_child_again(cast, now, clock):
    child = say(cast, "child", now, birth_date=date(2013, 10, 2))
    at = child.of_age_at + HOUR
    clock.move_to(at, tick=False)
    assert decision_reason(cast, "child", at) == OPEN
    change(cast, at, time_zone="America/Los_Angeles")
    work(WORK)
    assert decision_reason(cast, "child", at) == CLOSED
    assert columns(cast, "child")[1] == datetime(2026, 10, 2, 7, tzinfo=UTC)


def test_the_number_of_statements_does_not_depend_on_the_number_of_people(cast, now):
    client_id, counts = cast.client_id("indus"), []
    for age, more in ((14, 0), (15, 100)):
        with in_client(client_id):
            for number in range(more):
                SubjectFactory(client=cast.client("indus"), external_id=f"p-{number}", birth_date=FIFTEEN, at=now)
        change(cast, now, age_threshold=age)
        with in_client(client_id), CaptureQueriesContext(connection) as seen:
            recompute_ages(cast.client("indus"), actor=SETTING_UP, at=now)
        counts.append(len(seen))
    assert counts[0] == counts[1]
    with in_client(client_id):
        people = Subject.objects.filter(external_id__startswith="p-")
        assert people.filter(of_age_threshold=15).count() == 100
        histories = Subject.history.filter(id__in=list(people.values_list("pk", flat=True)))
        assert histories.filter(of_age_threshold=15, history_type="~").count() == 100


def test_the_history_equals_that_of_saving_each_person(cast, now):
    change(cast, now, age_threshold=18)
    with in_client(cast.client_id("indus")):
        before = cast.subject("hamza").history.latest()
        recompute_ages(cast.client("indus"), actor=cast.actor("amina"), at=now)
        hamza = cast.subject("hamza")
        kept = hamza.history.latest()
        assert (kept.history_type, kept.history_change_reason, kept.history_date) == ("~", "law_change", now)
        assert (kept.actor_kind, kept.actor_id, kept.actor_role) == ("user", cast.user_id("amina"), "privacy_officer")
        changed = {"of_age_at", "of_age_threshold", "changed_at"}
        for field in kept.tracked_fields:
            now_, then = getattr(kept, field.attname), getattr(before, field.attname)
            assert now_ == getattr(hamza, field.attname), field.name
            assert field.name in changed or now_ == then, field.name


def test_a_guardians_consent_applies_to_a_person_who_is_a_child_again(cast, now):
    say(cast, "young", now)
    change(cast, now, age_threshold=18)
    work(WORK)
    with in_client(cast.client_id("indus")):
        young, esra = Subject.objects.select_related("client").get(external_id="young"), cast.subject("esra")
        verified_guardian(young, esra, at=now)
        record_answer(young, esra, "given", at=now)
    assert decision_reason(cast, "young", now + SECOND) == OPEN


def jobs():
    with in_global():
        return list(ProcrastinateJob.objects.filter(task_name=RECOMPUTE_AGES).values_list("args", "lock"))


def reason(cast, name):
    return Caller(cast.key("indus")).reason(f"lms-{name}", "service_delivery")


def gate(cast, name):
    return Caller(cast.key("indus")).get(f"/api/v1/subjects/lms-{name}").json()["age_gate"]


def test_a_raised_threshold_denies_at_once(cast, now):
    assert reason(cast, "hamza") == "permitted"
    change(cast, now, age_threshold=18)
    assert reason(cast, "hamza") == "age_unknown"
    assert (gate(cast, "hamza")["state"], gate(cast, "hamza")["guardian_decides"]) == ("unknown", True)
    recompute_ages_of_client(str(cast.client_id("indus")))
    assert reason(cast, "hamza") == "guardian_consent_required"
    assert gate(cast, "hamza")["of_age_at"] == "2027-06-01T19:00:00+00:00"


def test_batch_evaluations_and_the_standing_follow_too(cast, now):
    indus = Caller(cast.key("indus"))
    change(cast, now, age_threshold=18)
    body = {
        "subject": {"type": "end_user", "id": "lms-hamza"},
        "action": {"name": "process"},
        "evaluations": [{"resource": {"type": "purpose", "id": "service_delivery"}}],
    }
    [answer] = indus.post("/access/v1/evaluations", body).json()["evaluations"]
    assert answer["context"]["reason"] == "age_unknown"
    assert "age_unknown" in json.dumps(indus.get("/api/v1/subjects/lms-hamza/standing").json())


def test_the_job_is_queued_in_the_same_transaction(cast, now):
    change(cast, now, name="Indus renamed")
    assert jobs() == []
    change(cast, now, age_threshold=18)
    change(cast, now, time_zone="Asia/Dubai")
    indus = str(cast.client_id("indus"))
    assert jobs() == [({"client": indus}, f"{RECOMPUTE_AGES}/{indus}")] * 2


def test_the_worker_writes_history_of_changed_people_only(cast, now):
    change(cast, now, age_threshold=18)
    recompute_ages_of_client(str(cast.client_id("indus")))
    with in_client(cast.client_id("indus")):
        hamza, esra, iqra = (cast.subject(name) for name in ("hamza", "esra", "iqra"))
        latest = hamza.history.order_by("-history_date", "-history_id").first()
        expected = ("system", "law_change", 18)
        assert (latest.actor_role, latest.history_change_reason, latest.of_age_threshold) == expected
        assert (esra.of_age_at, esra.of_age_threshold, esra.history.count()) == (ADULT_SENTINEL, None, 1)
        assert (iqra.of_age_at, iqra.of_age_threshold, iqra.history.count()) == (None, None, 1)
        count = hamza.history.count()
    recompute_ages_of_client(str(cast.client_id("indus")))
    with in_client(cast.client_id("indus")):
        assert hamza.history.count() == count


def test_batches_continue_where_they_ended_and_other_roles_may_not_recompute_ages(cast, now):
    change(cast, now, age_threshold=18)
    with in_client(cast.client_id("indus")):
        client, after, turns = cast.client("indus"), None, 0
        while True:
            after = recompute_ages(client, after=after, limit=2, actor=cast.actor("amina"), at=now)
            if after is None:
                break
            turns += 1
        assert (turns, cast.subject("hamza").of_age_threshold) == (3, 18)
        with pytest.raises(NotAllowed):
            recompute_ages(client, actor=cast.actor("bilal"), at=now)
