"""Find the package of a request, what its systems answered, and who may fetch it."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from paktaleem.directory.data_systems.models import Order, OrderKind
from paktaleem.directory.people.models import Subject
from rights.packages.models import Package, PackageDownload, PackageState
from rights.requests.models import PARENT, RequestPart, RightKind, RightsRequest
from rights.requests.services.decisions import has_authority
from rights.requests.services.steps import list_parts
from rights.requests.states import Decision

SYSTEM = "system:"
"""Prefix of the code of a system among what is left out."""
_NAME_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-_")
_LONGEST_NAME = 60


@dataclass(frozen=True, slots=True)
class Contents:
    """Contents of a package: all data (access), or what the person provided (portability); without what is left out."""

    is_access: bool
    is_portability: bool
    left_out: frozenset[str] = frozenset()

    def has_section(self, code: str) -> bool:
        """Return True unless staff left the section out."""
        return code not in self.left_out

    def has_system(self, code: str) -> bool:
        """Return True unless staff left the system out."""
        return f"{SYSTEM}{code}" not in self.left_out


def safe_name(text: str) -> str:
    """Return a name for a file or folder: lower-case letters, digits, “-” and “_” only, so no path and no dots."""
    plain = "".join(letter if letter in _NAME_CHARACTERS else "-" for letter in text.lower())
    return plain[:_LONGEST_NAME].strip("-") or "unnamed"


COPIES = frozenset({RightKind.ACCESS.value, RightKind.PORTABILITY.value})
"""Rights that are carried out by a copy of the data."""


def find_package(request: RightsRequest) -> Package | None:
    """Return the live package of a request, otherwise the last one; None if there was none."""
    own = Package.objects.select_related("request", "file").filter(client_id=request.client_id, request=request)
    return own.live().first() or own.first()


def list_copy_parts(request: RightsRequest) -> list[RequestPart]:
    """List the parts of a request for access and portability."""
    return [part for part in list_parts(request) if part.kind in COPIES]


def is_copy_granted(request: RightsRequest) -> bool:
    """Return True if access or portability is granted, wholly or in part."""
    return any(part.decision in {Decision.GRANTED, Decision.PARTLY} for part in list_copy_parts(request))


def is_left_out_allowed(request: RightsRequest) -> bool:
    """Return True if a right is granted in part, or by one of two controllers: staff then choose what is left out."""
    decisions: defaultdict[str, set[str]] = defaultdict(set)
    for part in list_copy_parts(request):
        decisions[part.kind].add(part.decision)
    return any(
        found != {Decision.GRANTED} for found in decisions.values() if found & {Decision.GRANTED, Decision.PARTLY}
    )


def list_orders(package: Package) -> QuerySet[Order]:
    """List the orders by which systems provide the data of a package, by system."""
    own = Order.objects.filter(client_id=package.client_id, parent_kind=PARENT, parent_id=package.request_id)
    issued = own.filter(kind=OrderKind.COLLECT, created_at__gte=package.collected_from)
    return issued.select_related("system").order_by("system__code", "pk")


def may_fetch(request: RightsRequest, person: Subject, *, at: datetime) -> bool:
    """Return True if a person may fetch the copies of a request: its verified sender, a guardian with the authority."""
    is_sender = request.is_identity_verified and request.sender == person
    return is_sender and has_authority(request, RightKind.ACCESS, at=at)


def has_contact(person: Subject | None) -> bool:
    """Return True if a code can be sent to a contact of the person."""
    return person is not None and (person.email is not None or person.phone is not None)


def count_downloads(package: Package) -> int:
    """Return how often a package was fetched or handed over."""
    return PackageDownload.objects.filter(client_id=package.client_id, package=package).count()


def list_clients_with_packages(*, at: datetime) -> Iterable[UUID]:
    """List the clients with packages that wait; needs the officers' context."""
    del at
    due = Package.objects.live().filter(state=PackageState.COLLECTING)
    return due.order_by().values_list("client_id", flat=True).distinct()
