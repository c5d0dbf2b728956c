"""Build a package: written as a stream into a sealed file, then ready to be fetched."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F

from paktaleem.directory.copies.sections import Reader, list_sections
from paktaleem.directory.files.kinds import FileKind
from paktaleem.directory.files.models import SealedFile
from paktaleem.directory.files.services import write_file
from paktaleem.directory.mail.services import send_message
from paktaleem.directory.people.selectors import list_same_person, sealer_of
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.encryption.sealing import KeyDestroyed
from rights.clock.deadlines import format_day
from rights.packages.about import list_portable_categories
from rights.packages.archive import Archive
from rights.packages.contents import derive_contents
from rights.packages.messages import COPY_READY
from rights.packages.models import BuildFailure, Package, PackageState
from rights.packages.selectors import list_copy_parts
from rights.packages.services.answering import get_expiry, get_page_url
from rights.packages.systems import list_system_answers
from rights.packages.writing import PackageWriter
from rights.requests.models.requests import RightsRequest
from rights.requests.services.steps import RequestEnded, lock_open_request, record_step


class Superseded(Exception):
    """The package was ended while it was built: what was written is discarded."""


def build_package(package_id: UUID, *, client_id: UUID, actor: Actor, at: datetime) -> Package | None:
    """Build a package that waits for it; None if it does not any more (GDPR Art. 15 and 20, decision 0068).

    The rows are locked only once the file is written, so that no one waits for the build. Raises FileTooLarge if it has
    more than PACKAGE_MOST_BYTES.
    """
    try:
        with transaction.atomic():
            return _build(package_id, client_id, actor, at)
    except (Superseded, RequestEnded, KeyDestroyed):
        return None


def _build(package_id: UUID, client_id: UUID, actor: Actor, at: datetime) -> Package:
    waiting = Package.objects.live().filter(pk=package_id, client_id=client_id, state=PackageState.BUILDING)
    found = waiting.select_related("request__client", "subject").first()
    if found is None:
        raise Superseded
    file, manifest_hash = _write(found, at)
    request = lock_open_request(found.request)
    package: Package | None = waiting.select_for_update(of=("self",)).first()
    if package is None:
        raise Superseded
    package.state, package.built_at = PackageState.READY, at
    package.file, package.manifest_hash = file, manifest_hash
    package.expires_at = None if request.answered_at is None else get_expiry(at)
    package.save()
    facts = {"package": str(package.pk), "size": file.size, "manifest": manifest_hash}
    record_step("rights_request.copy_built", request, actor, at, facts)
    _inform(request, package, actor, at)
    return package


def _write(package: Package, at: datetime) -> tuple[SealedFile, str]:
    """Write the archive into a sealed file; return the file and the hash of the manifest."""
    parts = [(part.kind, part.decision) for part in list_copy_parts(package.request)]
    contents, portable = derive_contents(parts, package.left_out), list_portable_categories(package, at=at)
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


def _inform(request: RightsRequest, package: Package, actor: Actor, at: datetime) -> None:
    """Email the sender that a copy built after the answer is ready; the answer names the first one."""
    sender = request.sender
    if package.expires_at is None or sender is None or sender.email is None:
        return
    until = format_day(package.expires_at, request.client.time_zone)
    context = {"number": request.number, "until": until, "url": get_page_url(request)}
    told: dict[str, Any] = {"language": request.language, "related_id": request.pk, "actor": actor, "at": at}
    send_message(COPY_READY.code, to=sender, client_id=request.client_id, context=context, **told)


@transaction.atomic
def record_failure(package_id: UUID, *, failure: BuildFailure, client_id: UUID, actor: Actor, at: datetime) -> None:
    """Record that a package could not be built and why, for staff to see. Raises RequestEnded."""
    found = Package.objects.select_related("request").get(pk=package_id, client_id=client_id)
    request = lock_open_request(found.request)
    waiting = Package.objects.live().filter(pk=package_id, client_id=client_id, state=PackageState.BUILDING)
    if waiting.update(state=PackageState.FAILED, failure=failure.value, attempts=F("attempts") + 1, tried_at=at):
        facts = {"package": str(package_id), "failure": failure.value}
        record_step("rights_request.copy_failed", request, actor, at, facts)
