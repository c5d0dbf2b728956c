"""The time zone of the reader: which it is, and the middleware that shows every time of the console in it."""

# Pages show the reader's zone; rules, days of deadlines and emails use the client's, exports and the API use UTC.

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from paktaleem.foundation.accounts.models import User
from paktaleem.foundation.console.clocks import clocks_loaded_once
from paktaleem.foundation.console.register_names import loaded_once
from paktaleem.foundation.console.requests import find_membership
from paktaleem.foundation.tenancy.rows import PAKTALEEM

_PATHS = ("/admin/", "/accounts/")


class ZoneOwner(StrEnum):
    """By whom a time zone is set: the user, the user's client, or the installation for PakTaleem's staff."""

    USER = "user"
    CLIENT = "client"
    STAFF = "staff"


@dataclass(frozen=True, slots=True)
class ReaderZone:
    name: str
    owner: ZoneOwner


def get_reader_zone(request: HttpRequest) -> ReaderZone:
    user = request.user
    chosen = user.time_zone if isinstance(user, User) else ""
    return ReaderZone(chosen, ZoneOwner.USER) if chosen else get_default_zone(request)


def get_default_zone(request: HttpRequest) -> ReaderZone:
    """Return the zone of the user's client, or ``STAFF_TIME_ZONE`` for PakTaleem's staff."""
    membership = find_membership(request)
    if membership is None or membership.client_id == PAKTALEEM:
        return ReaderZone(settings.STAFF_TIME_ZONE, ZoneOwner.STAFF)
    return ReaderZone(membership.time_zone, ZoneOwner.CLIENT)


class TimeZoneMiddleware:
    """Show every time on the pages of staff, and read every time they enter, in the reader's zone.

    Public pages name times in their client's zone; the API, exports and emails in UTC or with an offset.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path.startswith(_PATHS) or not request.user.is_authenticated:
            return self.get_response(request)
        with timezone.override(ZoneInfo(get_reader_zone(request).name)), loaded_once(), clocks_loaded_once():
            return self.get_response(request)
