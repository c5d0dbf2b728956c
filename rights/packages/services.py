"""The package of a granted copy: every system is asked, built once all answered, named in the answer, fetched."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _, gettext_lazy

from children.guardians.services.answers import lock_child
from paktaleem.directory.access_links.services import is_contact_settled
from paktaleem.directory.data_systems.models import Ground, Order, OrderKind
from paktaleem.directory.data_systems.selectors import Parent, categories_held
from paktaleem.directory.data_systems.services.issuing import OrderSpec, issue_orders, purge_copies
from paktaleem.directory.files.models import FileKind, SealedFile
from paktaleem.directory.files.services import purge_package, stream_file, write_file
from paktaleem.directory.mail.services import declare_message
from paktaleem.directory.people.copies.declarations import Reader
from paktaleem.directory.people.copies.sections import list_sections
from paktaleem.directory.people.erasures import Erasure
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.selectors import list_same_person, sealer_of
from paktaleem.directory.people.services.people import record_access, require_all_records
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.acts import Refused, act
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.encryption.sealing import KeyDestroyed
from paktaleem.foundation.errors import PortalError
from paktaleem.foundation.operations.jobs import enqueue_job
from paktaleem.foundation.upkeep.periods.kinds import Bounds, DataKind, Disposal
from paktaleem.foundation.upkeep.periods.services import get_length, get_period
from rights.packages.about import list_portable_categories
from rights.packages.archive import Archive
from rights.packages.models import BuildFailure, DownloadWay, Package, PackageDownload, PackageQuerySet, PackageState
from rights.packages.selectors import (
    COPIES,
    SYSTEM,
    Contents,
    count_downloads,
    find_package,
    has_contact,
    is_copy_granted,
    is_left_out_allowed,
    list_copy_parts,
    list_orders,
    may_fetch,
)
from rights.packages.writing import PackageWriter, list_system_answers
from rights.requests.deadlines import format_day
from rights.requests.letters import get_start_url, send_about
from rights.requests.models import PARENT, RequestPart, RightKind, RightsRequest
from rights.requests.services.closing import is_of_erased_person
from rights.requests.services.intake import ContactTooNew
from rights.requests.services.steps import (
    RequestEnded,
    lock_open_request,
    lock_request,
    record_step,
    require_open,
    require_subject,
)
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


BUILD = "rights.build_package"
_A_DAY = timedelta(days=1)


def start_package(request: RightsRequest, part: RequestPart, actor: Actor, at: datetime) -> None:
    """Start the package of a request with its first granted part: systems are ordered once (decision 0068)."""
    if part.kind not in COPIES:
        return
    require_all_records(require_subject(request))
    package = _find_live(request)
    if package is None:
        package = _create(request, at, collected_from=at)
        _order_copies(request, actor, at)
    _continue(request, package)


def _check_copy(request: RightsRequest, _actor: Actor, _at: datetime) -> None:
    require_open(request)
    require_all_records(require_subject(request))
    if not is_copy_granted(request):
        raise Refused(_("Neither access nor portability is granted."))


@act(
    "copy-build",
    "Build the copy again",
    Capability.HANDLE_RIGHTS_REQUESTS,
    lead="The earlier copy is deleted. What systems gave is used again while it is kept; otherwise they receive new "
    "orders.",
    done="The copy will be built.",
    lock=lock_request,
    check=_check_copy,
)
def request_package(request: RightsRequest, *, left_out: Sequence[str] = (), actor: Actor, at: datetime) -> Package:
    """Build the package anew, with the content that staff chose; the earlier one is deleted. Raises ValidationError."""
    earlier = Package.objects.filter(client_id=request.client_id, request=request).first()
    if left_out and not is_left_out_allowed(request):
        raise ValidationError({"left_out": [_("Everything is granted: nothing may be left out.")]})
    systems = [] if earlier is None else [f"{SYSTEM}{order.system.code}" for order in list_orders(earlier)]
    if unknown := sorted(set(left_out) - {*(section.code for section in list_sections()), *systems}):
        raise ValidationError({"left_out": [_("Not in this copy: {codes}.").format(codes=", ".join(unknown))]})
    is_kept = earlier is not None and not list_orders(earlier).exclude(copies_purged_at=None).exists()
    kept_from = earlier.collected_from if earlier is not None and is_kept else None
    if earlier is not None and earlier.ended_at is None:
        end_package(earlier, keeps_copies=kept_from is not None, actor=actor, at=at)
    package = _create(request, at, collected_from=kept_from or at, left_out=sorted(left_out), is_chosen=True)
    if kept_from is None:
        _order_copies(request, actor, at)
    record_step("rights_request.copy_requested", request, actor, at, {"left_out": sorted(left_out)})
    _continue(request, package)
    return package


def continue_after_answer(order: Order, _actor: Actor, _at: datetime) -> None:
    """Build the package whose last order was answered or waived; a handler of ``data_systems.order_answered``."""
    if order.parent_kind != PARENT or order.parent_id is None or order.kind != OrderKind.COLLECT:
        return
    try:
        request = lock_open_request(RightsRequest(pk=order.parent_id, client_id=order.client_id))
    except RequestEnded:
        return
    package = _find_live(request)
    if package is not None:
        _continue(request, package)


def continue_waiting_packages(client_id: UUID) -> int:
    """Move on packages that wait for nothing any more, in one transaction each; return how many moved."""
    waiting = Package.objects.live().filter(client_id=client_id, state=PackageState.COLLECTING)
    moved = 0
    for row in waiting.filter(request__closed_at=None).select_related("request"):
        with suppress(RequestEnded), transaction.atomic():
            request = lock_open_request(row.request)
            package = waiting.filter(pk=row.pk).select_for_update(of=("self",)).first()
            moved += package is not None and _continue(request, package)
    return moved


def _find_live(request: RightsRequest) -> Package | None:
    own = Package.objects.live().filter(client_id=request.client_id, request=request)
    return own.select_for_update(of=("self",)).first()


def _create(request: RightsRequest, at: datetime, **columns: object) -> Package:
    package = Package(client_id=request.client_id, request=request, created_at=at, **columns)
    package.subject = require_subject(request)
    package.save(force_insert=True)
    return package


def _continue(request: RightsRequest, package: Package) -> bool:
    """Move a locked package on if nothing is outstanding; return True if it moved."""
    if package.state not in {PackageState.COLLECTING, PackageState.CHOOSING}:
        return False
    is_undecided = any(not part.decision for part in list_copy_parts(request))
    if is_undecided or list_orders(package).filter(ended_at=None).exists():
        return False
    is_open_choice = is_left_out_allowed(request) and not package.is_chosen
    package.state = PackageState.CHOOSING if is_open_choice else PackageState.BUILDING
    package.save(update_fields=["state"])
    if not is_open_choice:
        enqueue_job(BUILD, lock=f"{BUILD}/{package.pk}", client=str(package.client_id), package=str(package.pk))
    return True


def _order_copies(request: RightsRequest, actor: Actor, at: datetime) -> None:
    categories = categories_held(request.client_id, at=at)
    if not categories:
        return
    spec = OrderSpec(
        kind=OrderKind.COLLECT,
        categories=categories,
        reason=Reason.SUBJECT_REQUEST,
        ground=Ground.RIGHT_OF_THE_PERSON,
        due_at=max(request.due_at, at + _A_DAY),
        parent=Parent(PARENT, request.pk),
    )
    subject = require_subject(request)
    people = [subject, *(one for one in list_same_person(subject) if one.is_recorded)]
    found = [order for person in people for order in issue_orders(person, spec, actor=actor, at=at)]
    record_step("rights_request.ordered", request, actor, at, {"orders": len(found)})


CODE_VALID = timedelta(minutes=10)
"""How long after a code was entered a copy may be fetched; the session itself lasts longer."""
_KINDS = {DownloadWay.OWN_PAGE: "rights_request.copy_fetched", DownloadWay.BY_HAND: "rights_request.copy_handed_over"}


class PackageNotThere(PortalError):
    """There is no copy that this person may fetch: none, expired, unanswered, closed, or no authority any more."""

    console_message = "There is no copy that can be fetched: see its state, and a guardian’s authority, on this page."


class CodeNeeded(PortalError):
    """No code was entered within the last ten minutes."""


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
    """Return the package and its content for the one who may fetch it; the download is counted first (decision 0068).

    ``code_entered_at`` is None without a code; ``now`` is the same clock. Raises PackageNotThere, CodeNeeded,
    ContactTooNew, RequestEnded.
    """
    request = lock_open_request(request)
    _require_fetcher(request, person, at)
    if not is_code_fresh(code_entered_at, at=now):
        raise CodeNeeded
    if not is_contact_settled(person, at):
        raise ContactTooNew
    return _fetch(request, DownloadWay.OWN_PAGE, actor, at)


def _check_hand_over(request: RightsRequest, actor: Actor, at: datetime) -> None:
    _check_copy(request, actor, at)
    if has_contact(request.sender):
        raise Refused(_("A contact is on file, so the copy is fetched with a code."))
    package = find_package(request)
    if package is None or not package.may_be_fetched(at):
        raise PackageNotThere


@act(
    "copy-hand-over",
    "Hand over the copy",
    Capability.HAND_OVER_COPIES,
    lead="Only where no contact is on file. Download the copy, give it to the person or guardian who requested it, "
    "once you are sure who they are, and delete your file. The download is recorded with your name and reason.",
    lock=lock_request,
    check=_check_hand_over,
)
def hand_over_package(
    request: RightsRequest, *, actor: Actor, reason: Reason | str, at: datetime
) -> tuple[Package, Iterator[bytes]]:
    """Return the package and its content to staff, who hand it over; the access is recorded (decision 0068)."""
    subject = require_subject(request)
    _require_fetcher(request, request.requester or subject, at)
    found = _fetch(request, DownloadWay.BY_HAND, actor, at)
    record_access(subject, [f"copy of request {request.number}"], actor=actor, reason=reason, at=at)
    return found


def _require_fetcher(request: RightsRequest, person: Subject, at: datetime) -> None:
    if request.requester is not None:  # so that the authority does not end meanwhile; a copy goes before the key
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
