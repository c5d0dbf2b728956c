"""Selectors of disposals: batches, their items, certificates and progress."""

from collections import Counter
from dataclasses import dataclass
from http import HTTPStatus
from uuid import UUID

from paktaleem.directory.data_systems.selectors import Parent
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.errors import PortalError, Problem
from retention.disposals.models import Batch, Cause, Certificate, ItemState
from retention.disposals.sql_statements import PROGRESS, fetch

_ANSWERS = (ItemState.DISPOSED, ItemState.NOT_FOUND, ItemState.NOT_APPLICABLE, ItemState.WAIVED)


class DisposalUnknown(PortalError, LookupError):
    """The client has no disposal with this id."""

    problem = Problem("disposal-unknown", "No such disposal at this client", status=HTTPStatus.NOT_FOUND)


class CertificateMissing(PortalError, LookupError):
    """The disposal has no certificate yet: a system has not answered, or nothing was ordered."""

    problem = Problem(
        "certificate-missing",
        "This disposal has no certificate",
        "It is issued when every system has answered; GET /api/v1/disposals/{id} returns how far it is.",
        status=HTTPStatus.NOT_FOUND,
    )


@dataclass(frozen=True, slots=True)
class Progress:
    """How many holdings of a batch are in each state, and why those that were sent back were."""

    counts: dict[ItemState, int]
    causes: dict[Cause, int]

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def answered(self) -> int:
        """Return the number of holdings about which a system has answered, or was waived."""
        return sum(self.counts.get(state, 0) for state in _ANSWERS)


def get_disposal(batch_id: UUID, *, actor: Actor) -> Batch:
    """Return one batch of the actor's client. Raises DisposalUnknown, NotAllowed."""
    require(actor, Capability.VIEW_HOLDINGS)
    own = {} if actor.client_id is None else {"client_id": actor.client_id}
    batch = Batch.objects.select_related("sweep").filter(pk=batch_id, **own).first()
    if batch is None:
        raise DisposalUnknown
    return batch


def get_progress(batch: Batch) -> Progress:
    """Return how far a batch is, for callers that may see it; one query that counts the batch's items."""
    counts: Counter[ItemState] = Counter()
    causes: dict[Cause, int] = {}
    for state, cause, count in fetch(PROGRESS, {"client": batch.client_id, "batch": batch.pk}):
        counts[ItemState(state)] += count
        if cause:
            causes[Cause(cause)] = count
    return Progress(counts, causes)


def find_certificate(batch: Batch) -> Certificate | None:
    """Find the certificate of a batch, for callers that may see it."""
    return Certificate.objects.filter(client_id=batch.client_id, batch=batch).first()


def list_case_certificates(client_id: UUID, case: Parent) -> list[Certificate]:
    """List the certificates of the disposals of a case, oldest first, for callers that may see them."""
    rows = Certificate.objects.filter(client_id=client_id, batch__case_kind=case.kind, batch__case_id=case.id)
    return list(rows.order_by("issued_at", "pk"))
