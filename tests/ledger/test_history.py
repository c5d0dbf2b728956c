"""History rows have actor, reason and time; a change without them is rejected."""

from typing import Any

import pytest
from django.db import ProgrammingError, connection, transaction

from consent.register.models.purposes import Purpose
from paktaleem.directory.people.models import GuardianClaim, Subject
from paktaleem.foundation.accounts.models import ApiKey, Client, Membership
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.history import UnstampedChange, save_tracked

TRACKED: list[Any] = [Client, Membership, ApiKey, Subject, GuardianClaim, Purpose]


def test_a_change_says_who_why_and_when(indus, cast, now):
    before = indus.history.count()
    indus.name = "Indus Schools"
    save_tracked(indus, actor=cast.actor("amina"), reason=Reason.CORRECTION, at=now)
    assert indus.history.count() == before + 1
    latest = indus.history.order_by("-history_date").first()
    assert (latest.name, latest.actor_id, latest.actor_role, latest.actor_kind) == (
        "Indus Schools",
        cast.user_id("amina"),
        "privacy_officer",
        "user",
    )
    assert (latest.history_change_reason, latest.history_date) == ("correction", now)


def test_a_change_without_a_stamp_is_refused(indus):
    with pytest.raises(UnstampedChange, match="use its service"):
        indus.save()


def test_a_stamp_is_used_once(indus, cast, now):
    save_tracked(indus, actor=cast.actor("amina"), reason=Reason.REVIEW, at=now)
    with pytest.raises(UnstampedChange):
        indus.save()


def test_a_free_text_is_no_reason(indus, cast, now):
    with pytest.raises(ValueError, match="because I can"):
        save_tracked(indus, actor=cast.actor("amina"), reason="because I can", at=now)


@pytest.mark.parametrize("model", TRACKED)
def test_bulk_writes_are_refused(indus, model):
    rows = list(model.objects.filter(**({"id": indus.id} if model is Client else {"client_id": indus.id}))[:1])
    for write in (
        lambda: model.objects.update(id=None),
        lambda: model.objects.filter(pk=None).update(id=None),
        lambda: model.objects.bulk_create([]),
        lambda: model.objects.bulk_update(rows, ["client_id"]),
        lambda: model.objects.all().delete(),
        lambda: model.objects.update_or_create({"id": rows[0].pk}, pk=rows[0].pk),
    ):
        with pytest.raises(UnstampedChange):
            write()


def test_one_row_is_not_deleted_either(indus, cast):
    claim = GuardianClaim.objects.get(child_id=cast.subject_id("danish"))
    with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
        claim.delete()


def test_all_tracked_rows_of_the_cast_have_a_stamped_version(indus):
    for model in TRACKED:
        for row in model.objects.filter(**({"id": indus.id} if model is Client else {"client_id": indus.id})):
            versions = list(model.history.filter(id=row.pk))
            assert versions, row
            assert all(
                version.actor_id and version.actor_role and version.history_change_reason for version in versions
            )


def test_history_holds_no_plain_identifier():
    columns = {field.name for field in Subject.history.model._meta.fields}
    assert not columns & {"external_id", "email_index", "phone_index", "name_index", "details_index"}
    assert "digest" not in {field.name for field in ApiKey.history.model._meta.fields}


@pytest.mark.parametrize(
    "change", ["UPDATE people_historicalsubject SET actor_role = 'x'", "DELETE FROM accounts_historicalclient"]
)
def test_the_database_refuses_to_change_history(indus, change):
    with (
        pytest.raises(ProgrammingError, match="permission denied"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(change)
