"""Start-up safety checks as Django system checks, for use in a build or a deployment."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error
from django.db import DEFAULT_DB_ALIAS

from paktaleem.foundation.operations.startup.findings import (
    Finding,
    database_findings,
    read_database,
    read_settings,
    settings_findings,
    start_checks,
)


def check_settings(app_configs: object = None, **_: object) -> list[CheckMessage]:
    """Return the unsafe settings (``check --deploy``); a build may have the addresses of roles that a server lacks."""
    del app_configs
    known = check_secret_key()
    return [found for found in _list_settings_errors() if found not in known]


def check_secret_key(app_configs: object = None, **_: Any) -> list[CheckMessage]:
    """Return a weak secret key of a host that other computers can reach, unless DEBUG is on (every ``check``)."""
    del app_configs
    is_served = read_settings().is_public and not settings.DEBUG
    return [found for found in _list_settings_errors() if found.id == "startup.E001" and is_served]


def _list_settings_errors() -> list[CheckMessage]:
    return [_error(found) for found in settings_findings(replace(read_settings(), addresses_of_others=()))]


def check_database(databases: Sequence[str] | None = None, **_: object) -> list[CheckMessage]:
    """Return what is unsafe about the app role's database, its schema and its keys (``check --database default``)."""
    if DEFAULT_DB_ALIAS not in (databases or ()):
        return []
    found = list(database_findings(read_database()))
    for check in start_checks:
        found = found or list(check())
    return [_error(finding) for finding in found]


def _error(found: Finding) -> CheckMessage:
    return Error(found.message, hint=found.hint, id=found.code)
