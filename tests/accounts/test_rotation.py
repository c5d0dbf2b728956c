"""Rotation of API keys: old and new key overlap, and there is never a third."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connections
from django.utils import timezone

from paktaleem.foundation.accounts.actors import NotAllowed
from paktaleem.foundation.accounts.acts import Refused
from paktaleem.foundation.accounts.models import ApiKey
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.selectors import find_key_actor
from paktaleem.foundation.accounts.services import TooManyLiveKeys, issue_api_key, revoke_api_key, rotate_api_key
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.context import in_client
from tests.api.callers import Caller

DAY = timedelta(days=1)


def issue(cast, now, name="Grade book", life=30 * DAY):
    with in_client(cast.client_id("indus")):
        return issue_api_key(
            cast.client_id("indus"),
            name=name,
            scopes=["subjects:read", "register:read"],
            expires_at=now + life,
            actor=cast.actor("farah"),
            at=now,
        )


def rotate(cast, key, now, actor="farah", **more):
    with in_client(cast.client_id("indus")):
        return rotate_api_key(key, actor=cast.actor(actor), at=now, **more)


def test_the_new_key_has_the_same_scopes_and_lifetime(cast, now):
    old, _ = issue(cast, now - 10 * DAY)
    new, secret = rotate(cast, old, now)
    assert (new.name, new.scopes, new.expires_at) == (old.name, old.scopes, now + 30 * DAY)
    actor = find_key_actor(secret, at=now + 29 * DAY)
    assert actor
    assert actor.capabilities == {Capability.VIEW_SUBJECTS, Capability.VIEW_REGISTER}


def test_the_old_key_is_valid_for_seven_more_days(cast, now):
    old, secret = issue(cast, now)
    rotate(cast, old, now)
    assert find_key_actor(secret, at=now + 7 * DAY - timedelta(microseconds=1)) is not None
    assert find_key_actor(secret, at=now + 7 * DAY) is None


def test_rotation_does_not_extend_the_old_key(cast, now):
    old, secret = issue(cast, now, life=2 * DAY)
    rotate(cast, old, now + DAY)
    assert find_key_actor(secret, at=now + 2 * DAY) is None


def test_history_and_ledger_show_who_rotated(cast, now):
    old, _ = issue(cast, now - DAY)
    new, _ = rotate(cast, old, now, actor="amina")
    with in_client(cast.client_id("indus")):
        latest = old.history.order_by("-history_date").first()
        assert (latest.actor_id, latest.history_change_reason) == (cast.user_id("amina"), "key_rotation")
        body = Entry.objects.get(kind="api_key.rotated").body
        assert str(old.id) in body
        assert str(new.id) in body


def test_a_third_valid_key_of_the_name_is_refused(cast, now):
    old, _ = issue(cast, now)
    new, _ = rotate(cast, old, now)
    for attempt in (lambda: rotate(cast, old, now), lambda: rotate(cast, new, now), lambda: issue(cast, now)):
        with pytest.raises(TooManyLiveKeys):
            attempt()
    with in_client(cast.client_id("indus")):
        assert ApiKey.objects.get(id=old.id).expires_at == now + 7 * DAY, "a refused rotation shortens nothing"
    issue(cast, now, name="Another system")


def test_a_key_can_be_rotated_again_after_the_old_one_ends(cast, now):
    old, _ = issue(cast, now)
    new, _ = rotate(cast, old, now)
    assert rotate(cast, new, now + 7 * DAY)


def test_an_expired_or_revoked_key_cannot_be_rotated(cast, now):
    expired, _ = issue(cast, now)
    revoked, _ = issue(cast, now, name="Revoked")
    with in_client(cast.client_id("indus")):
        revoke_api_key(revoked, actor=cast.actor("farah"), reason="incident", at=now)
    for key, at in ((expired, now + 30 * DAY), (revoked, now)):
        with pytest.raises(Refused, match="no longer valid"):
            rotate(cast, key, at)


@pytest.mark.parametrize("actor", ["bilal", "sana", "celia"])
def test_other_roles_may_not_rotate_keys(cast, now, actor):
    old, _ = issue(cast, now)
    with pytest.raises(NotAllowed):
        rotate(cast, old, now, actor=actor)


def test_another_client_does_not_find_the_key(cast, now):
    old, _ = issue(cast, now)
    with in_client(cast.client_id("khyber")), pytest.raises(ApiKey.DoesNotExist):
        rotate_api_key(old, actor=cast.actor("amina"), at=now)


@pytest.mark.parametrize("overlap", [-DAY, 0 * DAY, 30 * DAY + timedelta(microseconds=1)])
def test_an_overlap_out_of_bounds_is_refused(cast, now, overlap):
    old, _ = issue(cast, now, life=90 * DAY)
    with pytest.raises(ValidationError, match="within 30 days"):
        rotate(cast, old, now, overlap=overlap)
    rotate(cast, old, now, overlap=30 * DAY)
    with in_client(cast.client_id("indus")):
        assert ApiKey.objects.get(id=old.id).expires_at == now + 30 * DAY


def test_both_keys_call_the_api_until_the_old_one_is_revoked(cast):
    now = timezone.now()
    old, old_secret = issue(cast, now - DAY)
    _, new_secret = rotate(cast, old, now - timedelta(hours=1))
    assert Caller(old_secret).get("/api/v1/purposes").status_code == 200
    assert Caller(new_secret).get("/api/v1/purposes").status_code == 200
    with in_client(cast.client_id("indus")):
        revoke_api_key(old, actor=cast.actor("farah"), reason="key_rotation", at=now)
    assert Caller(old_secret).get("/api/v1/purposes").status_code == 401
    assert Caller(new_secret).get("/api/v1/purposes").status_code == 200


def test_one_of_eight_simultaneous_rotations_succeeds(committed, now):
    old, _ = issue(committed, now)

    def attempt(_):
        try:
            return rotate(committed, old, now)
        except TooManyLiveKeys:
            return None
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        done = [one for one in pool.map(attempt, range(8)) if one]
    assert len(done) == 1
    with in_client(committed.client_id("indus")):
        assert ApiKey.objects.filter(name="Grade book").count() == 2
