"""The package and its request: ready before the answer, named in it, fetched before the request is closed."""

from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from paktaleem.directory.data_systems.services.issuing import purge_copies
from paktaleem.directory.files.models import FileKind, SealedFile
from paktaleem.directory.files.services import purge_package, write_file
from paktaleem.directory.mail.services import declare_message
from paktaleem.directory.people.copies.declarations import Reader
from paktaleem.directory.people.copies.sections import list_sections
from paktaleem.directory.people.erasures import Erasure
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.selectors import list_same_person, sealer_of
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.acts import Refused
from paktaleem.foundation.encryption.sealing import KeyDestroyed
from paktaleem.foundation.upkeep.periods.kinds import Bounds, DataKind, Disposal
from paktaleem.foundation.upkeep.periods.services import get_length, get_period
from rights.packages.about import list_portable_categories
from rights.packages.archive import Archive
from rights.packages.models import BuildFailure, Package, PackageDownload, PackageQuerySet, PackageState
from rights.packages.selectors import (
    Contents,
    count_downloads,
    find_package,
    has_contact,
    is_copy_granted,
    list_copy_parts,
    list_orders,
)
from rights.packages.writing import PackageWriter, list_system_answers
from rights.requests.deadlines import format_day
from rights.requests.letters import get_start_url, send_about
from rights.requests.models import RightKind, RightsRequest
from rights.requests.services.closing import is_of_erased_person
from rights.requests.services.steps import RequestEnded, lock_open_request, record_step
from rights.requests.states import Decision

COPY_READY = declare_message("rights_copy_ready", fields=("number", "until", "url"))
_NOT_READY = gettext_lazy("The copy of the data is not ready yet: see its state on this page.")


def get_expiry(at: datetime) -> datetime:
    """Return until when a package that is released at a time can be fetched."""
    return at + get_period(PACKAGES.code)


def release_package(request: RightsRequest, _actor: Actor, at: datetime) -> None:
    """Let the package be fetched from the answer on (decision 0068). Raises Refused if a granted copy is not ready."""
    if not is_copy_granted(request) or is_of_erased_person(request):
        return
    own = Package.objects.live().filter(client_id=request.client_id, request=request, state=PackageState.READY)
    if own.update(expires_at=get_expiry(at)) != 1:
        raise Refused(_NOT_READY)


def describe_package(request: RightsRequest) -> str:
    """Return the paragraph of the answer about the copy; a handler of ``rights.answer_notes``."""
    package = find_package(request)
    if package is None or package.state != PackageState.READY or request.subject is None:
        return ""
    is_for_child = request.requester_id is not None
    ready = _("The copy of the child’s data is ready.") if is_for_child else _("The copy of your data is ready.")
    if not has_contact(request.sender):
        return f"{ready} {_('It is handed over to you in person.')}"
    text = _(
        "Sign in at {url} with a code to fetch it. It is deleted {days} days after this answer; until your request is "
        "closed you can ask for a new one."
    )
    return f"{ready} " + text.format(url=get_start_url(request), days=get_length(PACKAGES.code))


def require_fetched_package(request: RightsRequest) -> None:
    """Raise Refused if a request is closed whose copy was not made, or waits to be fetched."""
    if not is_copy_granted(request) or is_of_erased_person(request):
        return
    package = find_package(request)
    if package is None or package.built_at is None:
        raise Refused(_NOT_READY)
    if package.state == PackageState.READY and not count_downloads(package):
        raise Refused(_("The copy has not been fetched yet. Close the request when it is fetched or has expired."))


class Superseded(Exception):
    """The package was ended while it was built: what was written is discarded."""


def build_package(package_id: UUID, *, client_id: UUID, actor: Actor, at: datetime) -> Package | None:
    """Build a package that waits for it; None if it does not any more (decision 0068). Raises FileTooLarge."""
    try:
        with transaction.atomic():
            return _build(package_id, client_id, actor, at)
    except (Superseded, RequestEnded, KeyDestroyed):
        return None


def _build(package_id: UUID, client_id: UUID, actor: Actor, at: datetime) -> Package:
    waiting = _select_to_build(package_id, client_id)
    found = waiting.select_related("request__client", "subject").first()
    if found is None:
        raise Superseded
    file, manifest_hash = _write(found, at)  # the rows are locked only now, so that no one waits for the build
    request = lock_open_request(found.request)
    package: Package | None = waiting.select_for_update(of=("self",)).first()
    if package is None:
        raise Superseded
    package.state, package.failure, package.built_at = PackageState.READY, "", at
    package.file, package.manifest_hash = file, manifest_hash
    package.expires_at = None if request.answered_at is None else get_expiry(at)
    package.save()
    facts = {"package": str(package.pk), "size": file.size, "manifest": manifest_hash}
    record_step("rights_request.copy_built", request, actor, at, facts)
    sender = request.sender
    if package.expires_at is not None and sender is not None and sender.email is not None:
        # a copy built after the answer; the answer names the first one
        until, url = format_day(package.expires_at, request.client.time_zone), get_start_url(request)
        send_about(COPY_READY, request, sender, until=until, url=url, actor=actor, at=at)
    return package


def _select_to_build(package_id: UUID, client_id: UUID) -> PackageQuerySet:
    states = [PackageState.BUILDING, PackageState.FAILED]  # one whose build failed is tried again
    return Package.objects.live().filter(pk=package_id, client_id=client_id, state__in=states)


def _write(package: Package, at: datetime) -> tuple[SealedFile, str]:
    parts = [part for part in list_copy_parts(package.request) if part.decision in {Decision.GRANTED, Decision.PARTLY}]
    granted, portable = {part.kind for part in parts}, list_portable_categories(package, at=at)
    is_access, is_portability = RightKind.ACCESS in granted, RightKind.PORTABILITY in granted
    contents = Contents(is_access, is_portability, frozenset(package.left_out))
    writer = PackageWriter(
        package=package,
        contents=contents,
        reader=Reader(package.subject, sealer_of(package.subject), package.request.requester_id),
        sections=list_sections(),
        answers=list_system_answers(package, contents, portable=portable),
        portable=portable,
        at=at,
        others=[Reader(one, sealer_of(one), package.request.requester_id) for one in list_same_person(package.subject)],
    )
    limit = settings.PACKAGE_MOST_BYTES
    with write_file(package.subject, kind=FileKind.ZIP, package=package.pk, most_bytes=limit) as sink:
        with Archive(sink, at=at) as archive:
            manifest_hash = writer.write(archive)
        return sink.finish(at=at), manifest_hash


@transaction.atomic
def record_failure(package_id: UUID, *, failure: BuildFailure, client_id: UUID, actor: Actor, at: datetime) -> None:
    """Record that a package could not be built and why, for staff to see. Raises RequestEnded."""
    found = Package.objects.select_related("request").get(pk=package_id, client_id=client_id)
    request = lock_open_request(found.request)
    if _select_to_build(package_id, client_id).update(state=PackageState.FAILED, failure=failure.value):
        facts = {"package": str(package_id), "failure": failure.value}
        record_step("rights_request.copy_failed", request, actor, at, facts)


_AT_ONCE = 100


def end_package(package: Package, *, keeps_copies: bool = False, actor: Actor, at: datetime) -> None:
    """Delete a package of a locked request; with ``keeps_copies`` what systems gave stays for the next package."""
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
    record_step("rights_request.copy_ended", request, actor, at, {"package": str(package.pk)})
    return True


def end_packages_of_person(subject: Subject, actor: Actor, at: datetime) -> None:
    """Delete the packages of a person, and those they requested as a guardian with what systems gave for them."""
    for package in _find_live_of(subject).select_for_update(of=("self",)).select_related("request"):
        end_package(package, keeps_copies=package.subject_id == subject.pk, actor=actor, at=at)


def describe_unfetched_copies(erasure: Erasure) -> str:
    """Return a sentence while a copy of the person waits to be fetched: the erasure would destroy it."""
    fetched = PackageDownload.objects.filter(client_id=OuterRef("client_id"), package_id=OuterRef("pk"))
    offered = _find_live_of(erasure.subject).filter(state=PackageState.READY, expires_at__isnull=False)
    waiting = offered.filter(~Exists(fetched), request__closed_at=None).order_by("pk")
    numbers = list(waiting.values_list("request__number", flat=True))
    words = _("A copy of the data is not fetched yet, and has not expired: {numbers}.")
    return words.format(numbers=", ".join(numbers)) if numbers else ""


def _find_live_of(person: Subject) -> PackageQuerySet:
    return Package.objects.live().filter(Q(subject=person) | Q(request__requester=person), client_id=person.client_id)


PACKAGES = DataKind(
    code="packages",
    name=gettext_lazy("Copies of a person’s data, to be fetched"),
    counted_from=gettext_lazy("The answer to the request; earlier if the request is closed"),
    disposal=Disposal.KEY,
    bounds=Bounds(14, 3, 90),
    due=Package.objects.due_to_end,
    purge=end_due_packages,
)
