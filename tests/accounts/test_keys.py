"""API keys: shown once, stored as a digest, revoked immediately; how the host makes and recovers officers."""

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from io import StringIO

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, connections, transaction
from django.utils import timezone

from paktaleem.foundation.accounts.actors import NotAllowed
from paktaleem.foundation.accounts.acts import Refused
from paktaleem.foundation.accounts.models import ApiKey, Membership, User
from paktaleem.foundation.accounts.roles import KEY_SCOPES, Capability
from paktaleem.foundation.accounts.selectors import find_client_by_code, find_key_actor
from paktaleem.foundation.accounts.services import issue_api_key, revoke_api_key, rotate_api_key
from paktaleem.foundation.accounts.staff_services import invite_user
from paktaleem.foundation.accounts.staff_ties import StaffTie
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.context import in_client, in_global
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from tests.accounts.officers import second_officer_user
from tests.api.callers import Caller
from tests.signin.visiting import letters

REASON, CONFIRM = ["--reason", "onboarding"], ["--confirm", "break glass"]
OMAR = "Omar Lund <omar@paktaleem.example>"


def issue(cast, now, *, actor="farah", code="indus", **changed):
    values = {"name": "Grade book", "scopes": ["subjects:read"], "expires_at": now + timedelta(days=30), **changed}
    with in_client(cast.client_id(code)):
        return issue_api_key(cast.client_id(code), actor=cast.actor(actor), at=now, **values)


def revoke(cast, key, now, *, actor="farah", code="indus"):
    with in_client(cast.client_id(code)):
        return revoke_api_key(key, actor=cast.actor(actor), reason=Reason.KEY_ROTATION, at=now)


def test_a_key_has_the_capabilities_of_its_scopes(cast, now):
    key, secret = issue(cast, now)
    actor = find_key_actor(secret, at=now)
    assert actor is not None
    assert (actor.id, actor.client_id, actor.role) == (key.id, cast.client_id("indus"), "api_key")
    assert actor.capabilities == {Capability.VIEW_SUBJECTS}


def test_a_secret_is_long_and_stored_only_as_its_digest(cast, now):
    key, secret = issue(cast, now)
    assert secret.startswith("ptk_")
    assert len(secret) >= 4 + 43
    assert key.prefix == secret[:12]
    with in_client(cast.client_id("indus")), connection.cursor() as cursor:
        cursor.execute("SELECT to_jsonb(k)::text FROM accounts_apikey k WHERE id = %s", [key.id])
        [row] = cursor.fetchone()
        cursor.execute(
            "SELECT string_agg(to_jsonb(h)::text, '') FROM accounts_historicalapikey h WHERE id = %s", [key.id]
        )
        [versions] = cursor.fetchone()
        cursor.execute("SELECT string_agg(to_jsonb(e)::text, '') FROM audit_entry e")
        [evidence] = cursor.fetchone()
    digest = hashlib.sha256(secret.encode()).hexdigest()
    assert digest in row
    for text in (row, versions, evidence):
        assert secret[12:] not in text
    assert digest not in versions + evidence


def test_secrets_are_unique(cast, now):
    assert len({issue(cast, now, name=f"System {n}")[1] for n in range(5)}) == 5


def test_history_and_ledger_show_who_issued_and_who_revoked(cast, now):
    (key, _), later = issue(cast, now), now + timedelta(hours=1)
    revoke(cast, key, later, actor="amina")
    columns = ("actor_id", "history_change_reason", "revoked_at")
    with in_client(cast.client_id("indus")):
        first, second = key.history.order_by("history_date").values_list(*columns)
        entry = Entry.objects.get(kind="api_key.revoked")
    assert first == (cast.user_id("farah"), "onboarding", None)
    assert second == (cast.user_id("amina"), "key_rotation", later)
    assert (entry.actor_id, entry.recorded_at) == (cast.user_id("amina"), later)
    assert json.loads(entry.body)["facts"] == {"key": str(key.id)}


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"scopes": ["root"]}, "scopes"),
        ({"scopes": ["subjects:read", "subjects:*"]}, "scopes"),
        ({"scopes": []}, "scopes"),
        ({"name": ""}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"expires_at": None}, "expires_at"),
    ],
)
def test_invalid_input_names_its_field(cast, now, changed, field):
    with pytest.raises(ValidationError) as caught:
        issue(cast, now, **changed)
    assert field in caught.value.message_dict


def test_a_key_with_a_past_expiry_is_not_issued(cast, now):
    with pytest.raises(ValidationError):
        issue(cast, now, expires_at=now)


@pytest.mark.parametrize("actor", ["bilal", "sana", "celia"])
def test_other_roles_may_not_issue_rotate_or_revoke_keys(cast, now, actor):
    key, secret = issue(cast, now)
    with pytest.raises(NotAllowed):
        issue(cast, now, actor=actor)
    for act in (rotate, revoke):
        with pytest.raises(NotAllowed):
            act(cast, key, now, actor=actor)
    assert find_key_actor(secret, at=now)


def test_a_key_may_not_issue_keys(cast, now):
    values = {"name": "x", "scopes": ["subjects:read"], "expires_at": now}
    with in_client(cast.client_id("indus")), pytest.raises(NotAllowed):
        issue_api_key(cast.client_id("indus"), **values, actor=cast.key_actor("indus"), at=now)


def test_a_key_is_valid_from_its_creation_until_its_expiry(cast, now):
    _, secret = issue(cast, now)
    ends, moment = now + timedelta(days=30), timedelta(microseconds=1)
    assert find_key_actor(secret, at=now - moment) is None
    assert find_key_actor(secret, at=now) is not None
    assert find_key_actor(secret, at=ends - moment) is not None
    assert find_key_actor(secret, at=ends) is None


def test_a_revoked_key_is_invalid_at_once_beside_another_of_its_name_and_is_revoked_once(cast, now):
    old, old_secret = issue(cast, now)
    _, new_secret = issue(cast, now)
    revoke(cast, old, now)
    assert find_key_actor(old_secret, at=now) is None
    assert find_key_actor(new_secret, at=now) is not None
    with pytest.raises(Refused, match="already revoked"):
        revoke(cast, old, now)


def test_other_texts_are_not_keys(cast, now):
    secret = cast.key("indus")
    assert find_key_actor(secret, at=now) is not None
    changed = secret[:-1] + ("a" if secret[-1] != "a" else "b")
    similar = [changed, secret.swapcase(), secret + " ", hashlib.sha256(secret.encode()).hexdigest()]
    for text in (*similar, "", "ptk_", "ptk_" + "x" * 43, "Bearer x", "\x00", "ش" * 50):
        assert find_key_actor(text, at=now) is None, text


def test_a_key_is_not_issued_in_another_clients_context(cast, now):
    values = {"name": "x", "scopes": list(KEY_SCOPES), "expires_at": now + timedelta(1)}
    with in_client(cast.client_id("indus")), pytest.raises(ValidationError, match="not a valid choice"):
        issue_api_key(cast.client_id("khyber"), **values, actor=cast.actor("amina"), at=now)


def test_the_database_refuses_a_key_that_expires_before_it_is_made(cast, now):
    key, _ = issue(cast, now)
    with in_client(cast.client_id("indus")), pytest.raises(IntegrityError, match="apikey_exp"), transaction.atomic():
        connection.cursor().execute("UPDATE accounts_apikey SET expires_at = created_at WHERE id = %s", [key.pk])


def test_a_client_is_found_by_its_code(cast):
    assert find_client_by_code("indus") == cast.client_id("indus")
    assert find_client_by_code("nobody") is None
    assert find_client_by_code("INDUS") is None


DAY = timedelta(days=1)


def issue_old(cast, now, name="Grade book", life=30 * DAY):
    return issue(cast, now, name=name, scopes=["subjects:read", "register:read"], expires_at=now + life)


def rotate(cast, key, now, actor="farah", **more):
    with in_client(cast.client_id("indus")):
        return rotate_api_key(key, actor=cast.actor(actor), at=now, **more)


def test_the_new_key_has_the_same_scopes_and_lifetime(cast, now):
    old, _ = issue_old(cast, now - 10 * DAY)
    new, secret = rotate(cast, old, now)
    assert (new.name, new.scopes, new.expires_at) == (old.name, old.scopes, now + 30 * DAY)
    actor = find_key_actor(secret, at=now + 29 * DAY)
    assert actor
    assert actor.capabilities == {Capability.VIEW_SUBJECTS, Capability.VIEW_REGISTER}


@pytest.mark.parametrize(("life", "ends"), [(30 * DAY, 7 * DAY), (2 * DAY, 2 * DAY)])
def test_the_old_key_is_valid_for_seven_more_days_but_not_beyond_its_own_life(cast, now, life, ends):
    old, secret = issue_old(cast, now, life=life)
    rotate(cast, old, now)
    assert find_key_actor(secret, at=now + ends - timedelta(microseconds=1)) is not None
    assert find_key_actor(secret, at=now + ends) is None


def test_history_and_ledger_show_who_rotated(cast, now):
    old, _ = issue_old(cast, now - DAY)
    new, _ = rotate(cast, old, now, actor="amina")
    with in_client(cast.client_id("indus")):
        latest = old.history.order_by("-history_date").first()
        assert (latest.actor_id, latest.history_change_reason) == (cast.user_id("amina"), "key_rotation")
        body = Entry.objects.get(kind="api_key.rotated").body
        assert str(old.id) in body
        assert str(new.id) in body


def test_a_third_valid_key_of_the_name_is_refused(cast, now):
    old, _ = issue_old(cast, now)
    new, _ = rotate(cast, old, now)
    for attempt in (lambda: rotate(cast, old, now), lambda: rotate(cast, new, now), lambda: issue_old(cast, now)):
        with pytest.raises(ValidationError, match="Two live keys"):
            attempt()
    assert cast.get(ApiKey, id=old.id).expires_at == now + 7 * DAY, "a refused rotation shortens nothing"
    issue_old(cast, now, name="Another system")
    assert rotate(cast, new, now + 7 * DAY), "the old one has ended"


def test_an_expired_or_revoked_key_cannot_be_rotated(cast, now):
    expired, _ = issue_old(cast, now)
    revoked, _ = issue_old(cast, now, name="Revoked")
    with in_client(cast.client_id("indus")):
        revoke_api_key(revoked, actor=cast.actor("farah"), reason="incident", at=now)
    for key, at in ((expired, now + 30 * DAY), (revoked, now)):
        with pytest.raises(Refused, match="no longer valid"):
            rotate(cast, key, at)


@pytest.mark.parametrize("overlap", [-DAY, 0 * DAY, 30 * DAY + timedelta(microseconds=1)])
def test_an_overlap_out_of_bounds_is_refused(cast, now, overlap):
    old, _ = issue_old(cast, now, life=90 * DAY)
    with pytest.raises(ValidationError, match="within 30 days"):
        rotate(cast, old, now, overlap=overlap)
    rotate(cast, old, now, overlap=30 * DAY)
    assert cast.get(ApiKey, id=old.id).expires_at == now + 30 * DAY


def test_both_keys_call_the_api_until_the_old_one_is_revoked(cast):
    now = timezone.now()
    old, old_secret = issue_old(cast, now - DAY)
    _, new_secret = rotate(cast, old, now - timedelta(hours=1))
    assert Caller(old_secret).get("/api/v1/purposes").status_code == 200
    assert Caller(new_secret).get("/api/v1/purposes").status_code == 200
    with in_client(cast.client_id("indus")):
        revoke_api_key(old, actor=cast.actor("farah"), reason="key_rotation", at=now)
    assert Caller(old_secret).get("/api/v1/purposes").status_code == 401
    assert Caller(new_secret).get("/api/v1/purposes").status_code == 200


def test_one_of_eight_simultaneous_rotations_succeeds(committed, now):
    old, _ = issue_old(committed, now)

    def attempt(_):
        try:
            return rotate(committed, old, now)
        except ValidationError:
            return None
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        done = [one for one in pool.map(attempt, range(8)) if one]
    assert len(done) == 1
    with in_client(committed.client_id("indus")):
        assert ApiKey.objects.filter(name="Grade book").count() == 2


def run(*words):
    out = StringIO()
    call_command("break_glass", *words, stdout=out)
    return out.getvalue()


def refusal(*words):
    with pytest.raises(CommandError) as refused:
        run(*words)
    assert "\n" not in str(refused.value)
    assert refused.value.returncode == 2
    return str(refused.value)


@pytest.fixture
def nobody(cast):
    with in_global():
        User.objects.filter(pk=cast.user_id("amina")).update(is_active=False)


def officers():
    with in_client(PAKTALEEM):
        found = Membership.objects.filter(role="privacy_officer", ends_at=None, user__is_active=True)
        return sorted(found.values_list("user__email", flat=True))


def test_the_first_officers_are_made_together_without_ties(nobody):
    run("add-officer", OMAR, "Nadia Khan <nadia@paktaleem.example>", *REASON, *CONFIRM)
    assert officers() == ["nadia@paktaleem.example", "omar@paktaleem.example"]
    with in_global():
        assert not StaffTie.objects.exists()
        assert not User.objects.get(email="omar@paktaleem.example").has_usable_password()
    assert sorted(letter.to[0] for letter in letters()) == officers()


def test_an_officer_cannot_be_made_twice(nobody):
    run("add-officer", OMAR, *REASON, *CONFIRM)
    assert "already has a role" in refusal("add-officer", OMAR, *REASON, *CONFIRM)


def test_a_second_officer_is_reported_and_tied_to_the_remaining_one(cast):
    run("add-officer", OMAR, *REASON, *CONFIRM)
    told = {letter.to[0]: letter for letter in letters()}
    assert set(told) == {"amina@paktaleem.example", "omar@paktaleem.example"}
    assert told["amina@paktaleem.example"].subject == "An officer was made or recovered from the host"
    with in_global():
        omar = User.objects.get(email="omar@paktaleem.example")
        assert {tie.maker for tie in StaffTie.objects.filter(user=omar)} == {cast.user_id("amina")}
    assert f"https://testserver/admin/accounts/user/{omar.pk}/change/" in told["amina@paktaleem.example"].body
    with in_client(PAKTALEEM):
        entry = Entry.objects.filter(kind="staff.break_glass_used").latest("recorded_at")
        assert entry.actor_kind == "system"
        facts = json.loads(entry.body)["facts"]
    left = [str(cast.user_id("amina"))]
    assert facts == {"act": "appoint", "officers_left": left, "reason": "onboarding", "user": str(omar.pk)}


def test_an_existing_account_becomes_an_officer_without_an_invitation(cast):
    said = run("add-officer", "Celia Mir <celia@khyber.example>", *REASON, *CONFIRM)
    assert "celia@khyber.example is a privacy officer" in said
    assert "sent to this address" not in said
    assert "celia@khyber.example" in officers()
    assert [letter.to[0] for letter in letters()] == ["amina@paktaleem.example"]


def test_an_account_without_a_password_is_invited_again(cast):
    with in_client(PAKTALEEM):
        invite_user("omar@paktaleem.example", full_name="Omar", actor=cast.actor("amina"), at=timezone.now())
    assert "sent to this address" in run("add-officer", OMAR, *REASON, *CONFIRM)
    assert [letter.to[0] for letter in letters()].count("omar@paktaleem.example") == 2


def test_with_one_officer_left_only_one_may_be_made_and_with_two_none(cast):
    assert "Officers left: 1" in refusal("add-officer", OMAR, "Z Y <z@y.example>", *REASON, *CONFIRM)
    second_officer_user()
    assert "Officers left: 2" in refusal("add-officer", OMAR, *REASON, *CONFIRM)
    with in_global():
        assert not User.objects.filter(email="omar@paktaleem.example").exists()


@pytest.mark.parametrize("what", ["password", "second-factor"])
def test_an_officer_is_recovered_if_one_other_is_left(cast, what):
    gul = second_officer_user()
    run("recover", gul.email, "--what", what, *REASON, *CONFIRM)
    assert {letter.to[0] for letter in letters()} == {"amina@paktaleem.example", gul.email}
    with in_global():
        ties = StaffTie.objects.filter(user=gul, open_until__isnull=False)
        assert {tie.maker for tie in ties} == {cast.user_id("amina")}
        assert User.objects.get(pk=gul.pk).has_usable_password() is (what == "second-factor")


def test_a_disabled_officer_is_enabled_if_no_other_is_left(nobody, cast):
    run("recover", "amina@paktaleem.example", "--what", "enable", *REASON, *CONFIRM)
    assert officers() == ["amina@paktaleem.example"]
    refused = refusal("recover", "amina@paktaleem.example", "--what", "enable", *REASON, *CONFIRM)
    assert "not disabled" in refused


@pytest.mark.parametrize("email", ["farah@indus.example", "nobody@paktaleem.example", "bilal@paktaleem.example"])
def test_only_officers_can_be_recovered(cast, email):
    assert "No privacy officer" in refusal("recover", email, "--what", "password", *REASON, *CONFIRM)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["add-officer", "omar@paktaleem.example", *REASON, *CONFIRM], "does not name an officer"),
        (["add-officer", "Omar <no address>", *REASON, *CONFIRM], "does not name an officer"),
        (["add-officer", OMAR, *REASON], "Nothing was done"),
        (["add-officer", OMAR, *REASON, "--confirm", "yes"], "Nothing was done"),
        (["add-officer", "O <omar@->", *REASON, *CONFIRM], "email"),
    ],
)
def test_bad_input_is_reported_in_one_line_with_status_2(cast, words, says):
    assert says in refusal(*words)
    assert officers() == ["amina@paktaleem.example"]
