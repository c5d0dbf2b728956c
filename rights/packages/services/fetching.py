"""Fetch a package: by the one who made the request, behind a fresh code, or handed over by staff. Counted."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db import transaction

from children.guardians.services.locking import lock_child
from paktaleem.directory.access_links.contact_changes import is_contact_settled
from paktaleem.directory.files.services import stream_file
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.services.people import record_access
from paktaleem.directory.people.services.records import require_all_records
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.errors import PortalError
from rights.packages.models import DownloadWay, Package, PackageDownload
from rights.packages.selectors import has_contact, may_fetch
from rights.requests.models.requests import RightsRequest
from rights.requests.services.identity import ContactTooNew
from rights.requests.services.steps import lock_open_request, record_step, require_subject

CODE_VALID = timedelta(minutes=10)
"""How long after a code was entered a copy may be fetched; the session itself lasts longer."""


_KINDS = {
    DownloadWay.OWN_PAGE: "rights_request.copy_fetched",
    DownloadWay.BY_HAND: "rights_request.copy_handed_over",
}


class PackageNotThere(PortalError):
    """There is no copy that this person may fetch.

    None was made, it expired, the request is not answered or is closed, or the guardian's authority has ended.
    """

    console_message = "There is no copy that can be fetched: see its state, and a guardian’s authority, on this page."


class CodeNeeded(PortalError):
    """No code was entered within the last ten minutes."""


class HasContact(PortalError):
    """A code can be sent to a contact on file, so the person or the guardian fetches the copy themselves."""

    console_message = "A contact is on file, so the copy is fetched with a code."


def is_code_fresh(code_entered_at: datetime | None, *, at: datetime) -> bool:
    """Return True if a code was entered within the last ten minutes; both times are of the system clock."""
    return code_entered_at is not None and timedelta() <= at - code_entered_at < CODE_VALID


@transaction.atomic
def fetch_package(
    request: RightsRequest,
    *,
    person: Subject,
    code_entered_at: datetime | None,
    now: datetime,
    actor: Actor,
    at: datetime,
) -> tuple[Package, Iterator[bytes]]:
    """Return the package and its content for the person or guardian who may fetch it; the download is counted first.

    Follows decision 0068. ``code_entered_at`` is when they entered a code sent to their contact, None without one;
    ``now`` is the same clock. Raises PackageNotThere, CodeNeeded, ContactTooNew, RequestEnded, and for a guardian
    AlreadyErased.
    """
    request = lock_open_request(request)
    _require_fetcher(request, person, at)
    if not is_code_fresh(code_entered_at, at=now):
        raise CodeNeeded
    if not is_contact_settled(person, at):
        raise ContactTooNew
    return _fetch(request, DownloadWay.OWN_PAGE, actor, at)


@transaction.atomic
def hand_over_package(
    request: RightsRequest, *, actor: Actor, reason: Reason | str, at: datetime
) -> tuple[Package, Iterator[bytes]]:
    """Return the package and its content to staff, who hand it over where no contact is on file (decision 0068).

    It is for the person or guardian who made the request, and who could fetch it with a code. The access and its reason
    are recorded. Raises HasContact, PackageNotThere, RequestEnded, RecordElsewhere, NotAllowed, and for a guardian
    AlreadyErased.
    """
    require(actor, Capability.HAND_OVER_COPIES, request.client_id)
    request = lock_open_request(request)
    subject, receiver = require_subject(request), request.requester or require_subject(request)
    require_all_records(subject)
    if has_contact(receiver):
        raise HasContact
    _require_fetcher(request, receiver, at)
    found = _fetch(request, DownloadWay.BY_HAND, actor, at)
    record_access(subject, [f"copy of request {request.number}"], actor=actor, reason=reason, at=at)
    return found


def _require_fetcher(request: RightsRequest, person: Subject, at: datetime) -> None:
    """Require that a person may fetch the copies of a locked request.

    For a guardian the child's row stays locked, so that the authority does not end meanwhile. A copy can still be
    fetched while the child is being erased: the key waits for it (``describe_unfetched_copies``).
    """
    if request.requester is not None:
        lock_child(require_subject(request), during_erasure=True)
    if not may_fetch(request, person, at=at):
        raise PackageNotThere


def _fetch(request: RightsRequest, way: DownloadWay, actor: Actor, at: datetime) -> tuple[Package, Iterator[bytes]]:
    live = Package.objects.live().select_related("request", "file__subject")
    package: Package | None = live.filter(client_id=request.client_id, request=request).first()
    if package is None or package.file is None or not package.may_be_fetched(at):
        raise PackageNotThere
    download = PackageDownload(client_id=package.client_id, package=package, way=way, at=at)
    download.actor_kind, download.actor_id, download.actor_role = actor.kind.value, actor.id, actor.role
    download.save(force_insert=True)
    record_step(_KINDS[way], request, actor, at, {"package": str(package.pk)})
    return package, stream_file(package.file)
