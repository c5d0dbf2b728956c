"""End packages: destroy their key and what systems gave, when they expire, the request is closed, or by erasure."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _

from paktaleem.directory.data_systems.services.copies import purge_copies
from paktaleem.directory.files.services import purge_package
from paktaleem.directory.people.erasure_records import Erasure
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.actors import Actor
from rights.packages.models import Package, PackageDownload, PackageQuerySet, PackageState
from rights.packages.selectors import list_orders
from rights.packages.services.recording import record
from rights.requests.models.requests import RightsRequest

_AT_ONCE = 100


def end_package(package: Package, *, keeps_copies: bool = False, actor: Actor, at: datetime) -> None:
    """Delete a package and what systems gave for it, in the transaction that locked its request.

    With ``keeps_copies`` what systems gave stays for the next package. Orders that are still open give nothing more
    for this package; what they give is deleted after the period of what systems gave.
    """
    purge_package(package.pk, client_id=package.client_id)
    package.state, package.failure, package.ended_at = PackageState.ENDED, "", at
    package.save(update_fields=["state", "failure", "ended_at"])
    if not keeps_copies:
        for order in list_orders(package).exclude(ended_at=None):
            purge_copies(order, actor=actor, at=at)


def end_due_packages(client_id: UUID, *, actor: Actor, at: datetime) -> int:
    """End the packages of a client that expired or whose request is closed; return how many, up to 100."""
    due = list(Package.objects.due_to_end(at).filter(client_id=client_id).order_by("pk")[:_AT_ONCE])
    return sum(_end_if_due(package, actor, at) for package in due)


@transaction.atomic
def _end_if_due(row: Package, actor: Actor, at: datetime) -> bool:
    locked = RightsRequest.objects.select_for_update(of=("self",)).select_related("subject", "client")
    request = locked.get(pk=row.request_id, client_id=row.client_id)
    own = Package.objects.due_to_end(at).filter(pk=row.pk, client_id=row.client_id)
    package: Package | None = own.select_for_update(of=("self",)).first()
    if package is None:
        return False
    end_package(package, actor=actor, at=at)
    record("rights_request.copy_ended", request, actor, at, {"package": str(package.pk)})
    return True


def end_packages_of_person(subject: Subject, actor: Actor, at: datetime) -> None:
    """Delete the packages of a person, and those they requested as a guardian; a handler of ``people.before_erasure``.

    What systems gave about the person becomes unreadable with their key; about a child it is deleted.
    """
    own = _find_live_of(subject)
    for package in own.select_for_update(of=("self",)).select_related("request"):
        end_package(package, keeps_copies=package.subject_id == subject.pk, actor=actor, at=at)


def describe_unfetched_copies(erasure: Erasure) -> str:
    """Return a sentence while a copy that the person requested waits to be fetched: the erasure would destroy it.

    Connected to ``people.erasure_blockers``. It waits until the copy was fetched once, has expired, or its request is
    closed.
    """
    fetched = PackageDownload.objects.filter(client_id=OuterRef("client_id"), package_id=OuterRef("pk"))
    offered = _find_live_of(erasure.subject).filter(state=PackageState.READY, expires_at__isnull=False)
    waiting = offered.filter(~Exists(fetched), request__closed_at=None).order_by("pk")
    numbers = list(waiting.values_list("request__number", flat=True))
    words = _("A copy of the data is not fetched yet, and has not expired: {numbers}.")
    return words.format(numbers=", ".join(numbers)) if numbers else ""


def _find_live_of(person: Subject) -> PackageQuerySet:
    """Find the packages about a person, and those that they requested as a guardian."""
    live = Package.objects.live().filter(client_id=person.client_id)
    found: PackageQuerySet = live.filter(Q(subject=person) | Q(request__requester=person))
    return found
