"""Loading the file of a client: all of it or nothing, through the services that the console calls."""

# What a file does not name stays: a forgotten line must not end a purpose. A dry run is the same run, rolled back.

from datetime import datetime
from typing import Any

from django.db import transaction

from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.client_services import ClientChange, change_client
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.second_person import ChangeState
from paktaleem.foundation.accounts.selectors import find_client_by_code
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.tenancy.context import advisory_lock, current_client, in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM, new_id
from paktaleem.office.onboarding.files.reading import Report, check_document, name_field
from paktaleem.office.onboarding.files.sections import SECTIONS, Loading, find_differences

_NEEDED = ("name", "country", "time_zone")


def load_client(document: dict[str, Any], *, dry_run: bool = False, actor: Actor, at: datetime) -> Report:
    """Set up a client or change it as the document says; what the document does not name stays.

    The report has what was changed, what waits for a person, and errors. With an error, and with ``dry_run``, nothing
    is stored. What takes a second person is requested, never approved. Raises FileInvalid, NotAllowed.
    """
    check_document(document)
    report, facts = Report(), document["client"]
    client_id = find_client_by_code(facts["code"])
    if client_id == PAKTALEEM:
        report.refuse("client", "PakTaleem's own client is not set up by a file; use load_register.", field="code")
        return report
    with in_client(client_id or new_id()), transaction.atomic():
        advisory_lock(f"load_client/{facts['code']}")
        stored = Client.objects.filter(pk=client_id).first() if client_id else None
        if stored is None:
            client = _register(facts, report, actor=actor, at=at)
        else:
            client = _change_facts(stored, facts, report, actor=actor, at=at)
        if client is not None:
            loading = Loading(client, report, actor, at, document.get("agreement", {}).get("reference", ""))
            for name, load in SECTIONS.items():
                if name in document:
                    load(loading, document[name])
        if dry_run or report.errors:
            transaction.set_rollback(True)
    return report


def _register(facts: dict[str, Any], report: Report, *, actor: Actor, at: datetime) -> Client | None:
    """Register the client of the context; None if it could not be registered."""
    missing = [name for name in _NEEDED if name not in facts]
    for name in missing:
        report.refuse("client", "is missing: a new client needs it.", field=name)
    if missing:
        return None
    client = Client(id=current_client(), **{name: value for name, value in facts.items() if name != "ground"})
    with report.errors_of("client"):
        change_client(client, actor=actor, reason=Reason.ONBOARDING, at=at)
        report.add(f"client {client.code}")
        return client
    return None


def _change_facts(client: Client, facts: dict[str, Any], report: Report, *, actor: Actor, at: datetime) -> Client:
    """Change the facts of a client that differ; return it as it is stored."""
    differences = find_differences(client, {name: value for name, value in facts.items() if name != "ground"})
    for name, (_old, new) in differences.items():
        setattr(client, name, new)
    if differences:
        with report.errors_of("client"):
            change_client(client, ground=facts.get("ground", ""), actor=actor, reason=Reason.ONBOARDING, at=at)
    stored = Client.objects.get(pk=client.pk)
    _report_facts(stored, differences, report)
    return stored


def _report_facts(stored: Client, differences: dict[str, tuple[Any, Any]], report: Report) -> None:
    """Report which facts changed, and which wait for a second person."""
    waiting = ClientChange.objects.filter(client=stored, state=ChangeState.WAITING).first()
    held = set(waiting.changes) if waiting else set()
    report.change("client", {name: both for name, both in differences.items() if name not in held})
    report.waiting += [
        f"{name_field('client', name)}: reduces the protection of children, and waits under Changes of clients."
        for name in differences
        if name in held
    ]
