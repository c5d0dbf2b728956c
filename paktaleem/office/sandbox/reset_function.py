"""The database function that resets a sandbox: one statement, generated from every table's declaration.

It is regenerated after every migrate, so rows of a new tenant table are deleted too, unless the table is listed in
``KEPT_MODELS``. In tables that stay, rows created while the clock was ahead are deleted, as their history shows.
"""

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.db import connections
from django.db.models import Model

from paktaleem.foundation.tenancy.operations import APP, find_table_policy
from paktaleem.foundation.tenancy.tables import Scope

FUNCTION = "sandbox_forget(timestamptz)"
_ACCOUNTS = ("accounts.ApiKey", "accounts.Client", "accounts.Membership")
"""Accounts use real time, so none of their rows is ahead of it."""
_REGISTER = (
    "consent.AgreementSuspension consent.Assessment consent.BalancingTest consent.DataCategory consent.Instruction "
    "consent.LawfulBasis consent.ListedLaw consent.Notice consent.NoticeDispatch consent.NoticeDraft "
    "consent.NoticeVersion consent.Occasion consent.Purpose consent.PurposeCapacity consent.Recipient "
    "consent.RecipientApproval consent.ServiceAgreement cookies.Cookie cookies.CookieSite cookies.LinkedService "
    "data_systems.System data_systems.SystemKey"
)
_UNTRACKED = {
    "consent.NoticeEffect": "recorded_at",
    "consent.NoticeResponse": "recorded_at",
    "consent.PurposeWidening": "widened_at",
    "accounts.ProposedChange": "requested_at",
    "cookies.BannerVersion": "made_at",
}
"""Kept tables without history, and the column with the creation time."""
_MACHINERY = (
    "consent.RegisterChange consent.RegisterVersion audit.Entry webhooks.Endpoint webhooks.EndpointHealth "
    "webhooks.EndpointSecret"
)
KEPT_MODELS = frozenset({*_ACCOUNTS, *_UNTRACKED, *_REGISTER.split(), *_MACHINERY.split()})
"""Kept on reset: the register, keys, systems, endpoints, the ledger. Everything else is deleted."""


def purged_tables() -> list[str]:
    """List the tables from which a sandbox's rows are deleted, including histories."""
    return sorted(model._meta.db_table for model in _tenant_models() if _label(model) not in KEPT_MODELS)


def _tenant_models() -> Iterator[type[Model]]:
    for model in apps.get_models(include_auto_created=True):
        wall = find_table_policy(model)
        if model._meta.proxy:  # its table belongs to another model
            continue
        if wall is not None and wall.scope in {Scope.TENANT, Scope.CATALOGUE}:
            yield model


def _label(model: type[Model]) -> str:
    tracked: type[Model] = getattr(model, "instance_type", model)
    return tracked._meta.label


def _deletions() -> Iterator[str]:
    for model in sorted(_tenant_models(), key=lambda one: one._meta.db_table):
        table, label = model._meta.db_table, _label(model)
        if label not in KEPT_MODELS:
            yield f"DELETE FROM {table} WHERE client_id = tenancy_client()"  # noqa: S608 -- names of our models
        elif label in _UNTRACKED:
            yield f"DELETE FROM {table} WHERE client_id = tenancy_client() AND {_UNTRACKED[label]} > now_at"  # noqa: S608
        elif label in _REGISTER.split():
            yield _delete_ahead(model)


def _delete_ahead(model: type[Model]) -> str:
    """Delete rows recorded after ``now_at``: history versions, and rows without an earlier one."""
    table = model._meta.db_table
    if hasattr(model, "instance_type"):
        return f"DELETE FROM {table} WHERE client_id = tenancy_client() AND history_date > now_at"  # noqa: S608
    history: Any = model.history.model  # type: ignore[attr-defined]  # every one of them is tracked
    earlier = f"SELECT FROM {history._meta.db_table} h WHERE h.id = r.id AND h.history_date <= now_at"
    return f"DELETE FROM {table} r WHERE r.client_id = tenancy_client() AND NOT EXISTS ({earlier})"  # noqa: S608


def function_text() -> str:
    """Write the function: one statement that deletes from every table."""
    steps = list(_deletions())
    going = ",\n        ".join(f"d{number} AS ({step} RETURNING 1)" for number, step in enumerate(steps))
    counted = " + ".join(f"(SELECT count(*) FROM d{number})" for number in range(len(steps)))  # noqa: S608
    return f"""
CREATE OR REPLACE FUNCTION {FUNCTION.replace("(", "(now_at ")} RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $forget$
DECLARE gone bigint;
BEGIN
    IF NOT EXISTS (SELECT FROM accounts_client WHERE id = tenancy_client() AND is_sandbox) THEN
        RAISE EXCEPTION 'only a sandbox starts over' USING ERRCODE = 'insufficient_privilege';
    END IF;
    PERFORM set_config('paktaleem.forgetting', 'sandbox', true);
    WITH {going}
    SELECT {counted} INTO gone;
    PERFORM set_config('paktaleem.forgetting', '', true);
    RETURN gone;
END $forget$
"""


def install_after_migrate(using: str, **_: object) -> None:
    """Regenerate the function when the owner role has migrated everything (``post_migrate`` receiver)."""
    if using != "owner":
        return
    with connections[using].cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        present = {name for (name,) in cursor.fetchall()}
        if not set(purged_tables()) <= present:  # partial migrate: the next full one installs the function
            cursor.execute(f"DROP FUNCTION IF EXISTS {FUNCTION}")
            return
        cursor.execute(function_text())
        cursor.execute(f"REVOKE ALL ON FUNCTION {FUNCTION} FROM PUBLIC")
        cursor.execute(f"GRANT EXECUTE ON FUNCTION {FUNCTION} TO {APP}")
