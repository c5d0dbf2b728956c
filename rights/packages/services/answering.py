"""The package and its request: ready before the answer, named in it, fetched before the request is closed."""

from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.ip_addresses import build_public_url
from paktaleem.foundation.errors import PortalError
from paktaleem.foundation.periods.selectors import get_length, get_period
from rights.packages.data_kinds import PACKAGES
from rights.packages.models import Package, PackageState
from rights.packages.selectors import count_downloads, find_package, has_contact, is_copy_granted
from rights.requests.models.requests import RightsRequest
from rights.requests.services.closing import is_of_erased_person


class PackageNotReady(PortalError):
    """A copy of the data is granted, but it is not ready yet: the answer would be incomplete."""

    console_message = "The copy of the data is not ready yet: see its state on this page."


class PackageNotFetched(PortalError):
    """The copy can still be fetched, and no one has fetched it: closing the request would delete it."""

    console_message = "The copy has not been fetched yet. Close the request when it is fetched or has expired."


def get_expiry(at: datetime) -> datetime:
    """Return until when a package that is released at a time can be fetched."""
    return at + get_period(PACKAGES)


def get_page_url(request: RightsRequest) -> str:
    """Return the address at which the person, or the guardian who made the request, signs in to fetch the copy."""
    page = "requests-start" if request.requester_id is None else "guardian-start"
    return build_public_url(reverse(page, args=[request.client.code]))


def release_package(request: RightsRequest, actor: Actor, at: datetime) -> None:
    """Let the package be fetched from the answer on; a handler of ``rights.before_answering`` (decision 0068).

    Raises PackageNotReady if a copy is granted and not ready.
    """
    del actor
    if not is_copy_granted(request) or is_of_erased_person(request):
        return
    own = Package.objects.live().filter(client_id=request.client_id, request=request, state=PackageState.READY)
    if own.update(expires_at=get_expiry(at)) != 1:
        raise PackageNotReady


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
    return f"{ready} " + text.format(url=get_page_url(request), days=get_length(PACKAGES))


def require_fetched_package(request: RightsRequest) -> None:
    """Refuse to close a request whose copy was not made, or waits to be fetched.

    A handler of ``rights.before_closing``. Raises PackageNotReady, PackageNotFetched.
    """
    if not is_copy_granted(request) or is_of_erased_person(request):
        return
    package = find_package(request)
    if package is None or package.built_at is None:
        raise PackageNotReady
    if package.state == PackageState.READY and not count_downloads(package):
        raise PackageNotFetched
