"""A changed threshold: ages computed for another threshold count as unknown until the worker recomputes them."""

import json

import pytest
from procrastinate.contrib.django.models import ProcrastinateJob

from paktaleem.directory.people.details import ADULT_SENTINEL
from paktaleem.directory.people.services.age_recomputation import recompute_ages
from paktaleem.directory.people.tasks import recompute_ages_of_client
from paktaleem.foundation.accounts.actors import NotAllowed
from paktaleem.foundation.accounts.client_services import (
    RECOMPUTE_AGES,
    ClientChange,
    change_client,
    decide_client_change,
)
from paktaleem.foundation.tenancy.context import in_client, in_global
from tests.api.callers import Caller


def change(cast, now, **values):
    with in_client(cast.client_id("indus")):
        client = cast.client("indus")
        for name, value in values.items():
            setattr(client, name, value)
        change_client(client, ground="A new law.", actor=cast.actor("amina"), reason="law_change", at=now)


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


def test_a_threshold_lowered_again_applies_after_a_second_approval(cast, now):
    change(cast, now, age_threshold=18)
    change(cast, now, age_threshold=13)
    assert reason(cast, "hamza") == "age_unknown"
    with in_client(cast.client_id("indus")):
        decide_client_change(ClientChange.objects.get(), approve=True, actor=cast.actor("farah"), at=now)
    assert reason(cast, "hamza") == "permitted"


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
        assert (latest.actor_role, latest.history_change_reason, latest.of_age_threshold) == (
            "system",
            "law_change",
            18,
        )
        assert (esra.of_age_at, esra.of_age_threshold, esra.history.count()) == (ADULT_SENTINEL, None, 1)
        assert (iqra.of_age_at, iqra.of_age_threshold, iqra.history.count()) == (None, None, 1)
        count = hamza.history.count()
    recompute_ages_of_client(str(cast.client_id("indus")))
    with in_client(cast.client_id("indus")):
        assert hamza.history.count() == count


def test_a_changed_time_zone_moves_the_time(cast, now):
    change(cast, now, time_zone="Asia/Dubai")
    with in_client(cast.client_id("indus")):
        before = cast.subject("danish").of_age_at
    recompute_ages_of_client(str(cast.client_id("indus")))
    with in_client(cast.client_id("indus")):
        assert (cast.subject("danish").of_age_at - before).total_seconds() == 3600


def test_batches_continue_where_they_ended(cast, now):
    change(cast, now, age_threshold=18)
    with in_client(cast.client_id("indus")):
        client, after, turns = cast.client("indus"), None, 0
        while True:
            after = recompute_ages(client, after=after, limit=2, actor=cast.actor("amina"), at=now)
            if after is None:
                break
            turns += 1
        assert turns == 3
        assert cast.subject("hamza").of_age_threshold == 18


def test_other_roles_may_not_recompute_ages(cast, now):
    with in_client(cast.client_id("indus")), pytest.raises(NotAllowed):
        recompute_ages(cast.client("indus"), actor=cast.actor("bilal"), at=now)


def test_past_decisions_use_the_threshold_of_that_time(cast, now):
    change(cast, now, age_threshold=18)
    recompute_ages_of_client(str(cast.client_id("indus")))
    indus = Caller(cast.key("indus"))
    answer = indus.ask("lms-hamza", "service_delivery", context={"time": "2026-09-20T00:00:00Z"})
    assert answer["context"]["reason"] == "permitted"
