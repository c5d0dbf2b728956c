"""The certificate of an exit: canonical JSON (RFC 8785) with counts and hashes; its SHA-256 is in the ledger."""

from datetime import datetime
from typing import Any

from django.db.models import Count

from consent.register.models.agreements import ServiceAgreement
from paktaleem.directory.data_systems.models.systems import System
from paktaleem.directory.data_systems.selectors import Parent
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.audit.certificates import issue
from retention.disposals.models.items import Item, ItemState
from retention.disposals.selectors import list_case_certificates
from retention.exits.models import AgreementExit, ExitCertificate, ExitPart, ExitStage
from retention.exits.services.access import end_access
from retention.exits.services.steps import CASE

VERSION = 2
_NOT_CONFIRMED = (ItemState.NOT_APPLICABLE, ItemState.WAIVED, ItemState.NO_SYSTEM)


def certify_exit(row: AgreementExit, *, actor: Actor, at: datetime) -> ExitCertificate:
    """Certify a locked exit: end the rest of the client's access, destroy the export's key, issue the certificate.

    Follows policy §7, decision 0079.
    """
    end_access(row.client_id, actor=actor, at=at)
    row.stage, row.ended_at, row.epoch, row.wrapped = ExitStage.CERTIFIED, at, None, None
    row.save()
    facts = {"exit": str(row.pk), "agreement": str(row.agreement_id), "choice": str(row.choice)}
    new, content = ExitCertificate(client_id=row.client_id, exit=row), _compose(row, at)
    return issue(new, "exit.certified", content, client_id=row.client_id, facts=facts, actor=actor, at=at)


def _compose(row: AgreementExit, at: datetime) -> dict[str, Any]:
    client = Client.objects.get(pk=row.client_id)
    agreement = ServiceAgreement.objects.get(pk=row.agreement_id)
    disposals = list_case_certificates(row.client_id, Parent(CASE, row.pk))
    parts = ExitPart.objects.filter(client_id=row.client_id, exit=row).values_list("number", "people", "manifest")
    return {
        "type": "exit_certificate",
        "version": VERSION,
        "number": str(row),
        "exit": str(row.pk),
        "client": {"code": client.code, "name": client.name},
        "agreement": {"reference": agreement.reference, "ended_at": _format(agreement.ends_at)},
        "choice": str(row.choice),
        "proposed": {"by": row.requested_role, "at": _format(row.requested_at)},
        "approved": {"by": row.approved_role, "at": _format(row.settled_at)},
        "returned_at": _format(row.returned_at),
        "return_declined_at": _format(row.return_declined_at),
        "export": [dict(zip(("part", "people", "manifest_sha256"), one, strict=True)) for one in parts],
        "disposals": [{"id": str(one.batch_id), "sha256": one.sha256} for one in disposals],
        "systems": _count_answers(row),
        "people": {"at_approval": row.people, "exported": row.exported, "erased": row.erased},
        "delete_by": _format(row.delete_by),
        "issued_at": _format(at),
    }


def _count_answers(row: AgreementExit) -> list[dict[str, Any]]:
    """Return how many categories of people each system confirmed, and how many it did not, by answer."""
    own = Item.objects.filter(client_id=row.client_id, batch__case_kind=CASE, batch__case_id=row.pk)
    found: dict[Any, dict[str, int]] = {}
    for system_id, state, count in own.order_by().values_list("system_id", "state").annotate(Count("pk")):
        if state != ItemState.SENT_BACK:
            found.setdefault(system_id, {})[state] = count
    systems = System.objects.in_bulk([key for key in found if key is not None])
    return [
        {
            "system": systems[key].code if key else None,
            "name": systems[key].name if key else None,
            "confirmed": answers.get(ItemState.DISPOSED, 0) + answers.get(ItemState.NOT_FOUND, 0),
            "not_confirmed": sum(answers.get(state, 0) for state in _NOT_CONFIRMED),
            "answers": dict(sorted(answers.items())),
        }
        for key, answers in sorted(found.items(), key=lambda one: systems[one[0]].code if one[0] else "")
    ]


def _format(value: datetime | None) -> str | None:
    return value.isoformat() if value else None
