"""Clients, staff, changes by two people, API keys, ledger entries, access records and readmissions in the console."""

from paktaleem.directory.staff.administration.admin import (
    accounts,
    api_keys,
    changes,
    clients,
    entries,
    memberships,
)
