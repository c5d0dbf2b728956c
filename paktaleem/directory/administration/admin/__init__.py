"""Clients, staff, memberships, API keys, ledger entries, access records and readmissions in the console."""

from paktaleem.directory.administration.admin import (
    access_records,
    accounts,
    api_keys,
    clients,
    dashboard,
    entries,
    memberships,
    people_search,
    periods,
    readmissions,
    staff_changes,
    work,
)
