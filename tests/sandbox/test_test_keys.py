"""Test keys exist for sandboxes only, and sandboxes have no other keys."""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction

from paktaleem.foundation.accounts.client_services import change_client
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.services import rotate_api_key
from paktaleem.foundation.clock import wall_clock_now
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from tests.factories import CAST_AT, FAR, SETTING_UP, make_key

OF_THE_OTHER_KIND = "apikey_is_of_its_clients_kind"
NOT_SHOWN = "apikey_test_keys_show_it"


def written_by_hand(sql, values):
    """Write without any service."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, values)


def test_the_key_of_a_sandbox_shows_it(cast, sandbox):
    assert sandbox.secret.startswith("ptk_test_")
    assert sandbox.key.prefix == sandbox.secret[:16]
    assert not cast.key("indus").startswith("ptk_test_")
    with in_client(sandbox.id):
        successor, secret = rotate_api_key(sandbox.key, actor=SETTING_UP, at=wall_clock_now())
    assert secret.startswith("ptk_test_")
    assert successor.is_test


@pytest.mark.parametrize(
    ("code", "is_test", "prefix", "refused"),
    [
        ("indus", True, "ptk_test_abcdefg", OF_THE_OTHER_KIND),
        ("play", False, "ptk_abcdefgh", OF_THE_OTHER_KIND),
        ("indus", False, "ptk_test_abcdefg", NOT_SHOWN),
        ("play", True, "ptk_abcdefgh", NOT_SHOWN),
    ],
)
def test_the_database_refuses_a_key_of_the_other_kind(  # noqa: PLR0917 -- fixtures and the case
    cast, sandbox, code, is_test, prefix, refused
):
    client_id = sandbox.id if code == "play" else cast.client_id(code)
    with in_client(client_id), pytest.raises(IntegrityError, match=refused):
        written_by_hand(
            "INSERT INTO accounts_apikey (id, client_id, name, prefix, digest, scopes, created_at, expires_at, is_test)"
            " VALUES (gen_random_uuid(), %s, 'Forged', %s, sha256('x'), '{}', %s, %s, %s)",
            [client_id, prefix, CAST_AT, FAR, is_test],
        )


@pytest.mark.parametrize("code", ["indus", "play"])
def test_a_client_is_a_sandbox_for_good_or_never(cast, sandbox, code):
    client_id = sandbox.id if code == "play" else cast.client_id(code)
    with in_client(client_id):
        row = Client.objects.get(id=client_id)
        row.is_sandbox = not row.is_sandbox
        with pytest.raises(ValidationError, match="from its registration on"):
            change_client(row, actor=SETTING_UP, reason="onboarding", at=CAST_AT)
        with pytest.raises(IntegrityError, match="from its registration on"):
            written_by_hand("UPDATE accounts_client SET is_sandbox = NOT is_sandbox WHERE id = %s", [client_id])


def test_paktaleem_is_no_sandbox(db):
    with in_client(PAKTALEEM), pytest.raises(ValidationError, match="client_paktaleem_is_no_sandbox"):
        Client(id=PAKTALEEM, is_sandbox=True).validate_constraints()


def test_keys_of_other_clients_are_as_they_were(cast):
    with in_client(cast.client_id("khyber")):
        key, secret = make_key(cast.client_id("khyber"), ["sandbox"], name="New")
    assert not key.is_test
    assert key.prefix == secret[:12]
    assert secret.startswith("ptk_")
