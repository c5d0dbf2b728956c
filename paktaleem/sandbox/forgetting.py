"""The database function by which a sandbox starts over: one statement, made from what every table declares.

It is made anew after every migrate, so a new table of a client goes with the rest unless it stands in ``STAYS``. What
stays but came into being while the clock was ahead goes too: history says so.
"""

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.db import connections
from django.db.models import Model

from paktaleem.tenancy.grants import wall_of
from paktaleem.tenancy.operations import APP
from paktaleem.tenancy.wall import Scope

__all__ = ["STAYS", "function_text", "going_tables", "install_after_migrate"]

FUNCTION = "sandbox_forget(timestamptz)"
_ACCOUNTS = ("accounts.ApiKey", "accounts.Client", "accounts.Membership")
"""Who may ask: they live by the machine's clock, so nothing of them is ahead."""
_REGISTER = (
    "consent.AgreementSuspension",
    "consent.BalancingTest",
    "consent.DataCategory",
    "consent.Instruction",
    "consent.LawfulBasis",
    "consent.Notice",
    "consent.NoticeDispatch",
    "consent.NoticeDraft",
    "consent.NoticeVersion",
    "consent.Occasion",
    "consent.Purpose",
    "consent.Recipient",
    "consent.RecipientApproval",
    "consent.ServiceAgreement",
    "systems.System",
    "systems.SystemKey",
)
_UNTRACKED = {"consent.NoticeEffect": "recorded_at", "consent.NoticeResponse": "recorded_at"}
"""What stays and has no history, and the moment that says when it came."""
_MACHINERY = (
    "consent.RegisterChange",
    "consent.RegisterVersion",
    "ledger.Entry",
    "webhooks.Endpoint",
    "webhooks.EndpointHealth",
    "webhooks.EndpointSecret",
)
STAYS = frozenset({*_ACCOUNTS, *_REGISTER, *_UNTRACKED, *_MACHINERY})
"""What outlives starting over: the register, keys, systems, endpoints, the ledger. Everything else goes."""


def going_tables() -> list[str]:
    """List the tables of which a sandbox's rows go, histories included."""
    return sorted(model._meta.db_table for model in _walled() if _label(model) not in STAYS)


def _walled() -> Iterator[type[Model]]:
    for model in apps.get_models(include_auto_created=True):
        wall = wall_of(model)
        if model._meta.proxy:  # another view of a table that has its own model
            continue
        if wall is not None and wall.scope in {Scope.TENANT, Scope.CATALOGUE}:
            yield model


def _label(model: type[Model]) -> str:
    """Name a model; a history goes by the name of what it tells of."""
    tracked: type[Model] = getattr(model, "instance_type", model)
    return tracked._meta.label


def _deletions() -> Iterator[str]:
    for model in sorted(_walled(), key=lambda one: one._meta.db_table):
        table, label = model._meta.db_table, _label(model)
        if label not in STAYS:
            yield f"DELETE FROM {table} WHERE client_id = tenancy_client()"  # noqa: S608 -- names of our models
        elif label in _UNTRACKED:
            yield f"DELETE FROM {table} WHERE client_id = tenancy_client() AND {_UNTRACKED[label]} > now_at"  # noqa: S608
        elif label in _REGISTER:
            yield _ahead(model)


def _ahead(model: type[Model]) -> str:
    """Delete what was recorded after the moment: versions in a history, and rows that have no earlier one."""
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


def install_after_migrate(using: str, **_: Any) -> None:
    """Make the function anew when the owner has migrated everything (a ``post_migrate`` receiver)."""
    if using != "owner":
        return
    with connections[using].cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        present = {name for (name,) in cursor.fetchall()}
        if not set(going_tables()) <= present:  # a partial migrate: the next whole one makes it
            cursor.execute(f"DROP FUNCTION IF EXISTS {FUNCTION}")
            return
        cursor.execute(function_text())
        cursor.execute(f"REVOKE ALL ON FUNCTION {FUNCTION} FROM PUBLIC")
        cursor.execute(f"GRANT EXECUTE ON FUNCTION {FUNCTION} TO {APP}")
