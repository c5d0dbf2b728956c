"""Console pages of children who reach the age of consent, and of the notices sent in advance."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext, ngettext

from children.ageing.models import AgeNotice, ComingOfAge
from children.ageing.services import coming_of_age
from paktaleem.directory.people.admin.people import link_person, person_column
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.clocks import get_time_of, select_by_clock
from paktaleem.foundation.console.columns import client_name, render_state, state_column, text_column
from paktaleem.foundation.console.exporting import ExportableAdmin
from paktaleem.foundation.console.history import list_row_versions
from paktaleem.foundation.console.home_pages import Card
from paktaleem.foundation.console.model_admin import EvidenceAdmin
from paktaleem.foundation.console.paging import count_up_to, format_count
from paktaleem.foundation.console.person_pages import PersonRows
from paktaleem.foundation.console.requests import actor_of, get_action_time
from paktaleem.foundation.console.site import boards, site

_AHEAD = (30, 90, 365)


class WhenFilter(admin.SimpleListFilter):
    title = "when"
    parameter_name = "when"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:  # noqa: ARG002
        offered = sorted({*_AHEAD, settings.AGE_NOTICE_DAYS})
        return [(str(days), gettext("Within %(days)s days") % {"days": days}) for days in offered]

    def queryset(self, request: HttpRequest, queryset: QuerySet[ComingOfAge]) -> QuerySet[ComingOfAge]:
        value = self.value()
        if value not in {str(days) for days in (*_AHEAD, settings.AGE_NOTICE_DAYS)}:
            return queryset
        ahead = timedelta(days=int(value))
        return select_by_clock(get_action_time(request), lambda at: queryset.filter(of_age_at__lte=at + ahead))


@admin.register(ComingOfAge, site=site)
class ComingOfAgeAdmin(PersonRows, EvidenceAdmin[ComingOfAge]):
    view_capability = Capability.VIEW_CHILD_RECORDS
    person_field = "pk"
    list_display = ("person", "day", "left", "told", "owner")
    list_display_links = ("day",)
    list_filter = (WhenFilter, "client")
    ordering = ("of_age_at", "id")
    detail_fields = ("person", "day", "left", "told")
    intro = (
        "When children reach the age of consent. From that day a guardian’s consent no longer counts, and the young "
        "person decides. They, their guardians and the client’s administrators are notified once in advance."
    )
    empty_text = "No child with a known date of birth is below the age of consent."
    told = state_column(
        lambda row: (
            render_state(gettext("Notified"), "good")
            if row.told_at
            else render_state(gettext("Not notified yet"), "calm")
        ),
        "notice",
    )
    person = text_column(link_person, "child")

    def get_queryset(self, request: HttpRequest) -> QuerySet[ComingOfAge]:
        actor = actor_of(request)
        found = select_by_clock(get_action_time(request), lambda at: coming_of_age(actor, at=at))
        named: QuerySet[ComingOfAge] = found.select_related("client").annotate(owner_name=client_name())
        return named

    @admin.display(description="reaches age of consent")
    def day(self, row: ComingOfAge) -> str:
        moment, zone = row.of_age_for(row.client.thresholds), ZoneInfo(row.client.time_zone)
        return f"{moment.astimezone(zone):%Y-%m-%d}" if moment else gettext("being recalculated")

    @admin.display(description="in")
    def left(self, row: ComingOfAge) -> str:
        days = (row.of_age_at - get_time_of(row.client_id)).days if row.of_age_at else 0
        return ngettext("%(days)s day", "%(days)s days", days) % {"days": f"{days:,}"}

    def history_of(self, row: ComingOfAge, viewer: Actor) -> dict[str, object]:
        return {"versions": list_row_versions(Subject.objects.get(pk=row.pk, client_id=row.client_id), viewer=viewer)}


@admin.register(AgeNotice, site=site)
class AgeNoticeAdmin(ExportableAdmin[AgeNotice], EvidenceAdmin[AgeNotice]):
    view_capability = Capability.VIEW_CHILD_RECORDS
    loaded = ("subject",)
    list_display = ("given_at", "about", "guardians", "person", "owner")
    exported = "person=subject__external_id given_at guardians_informed=guardians person_informed=person"
    row_fields = ("guardians", "person")
    detail_fields = ("about", "given_at")
    intro = "Notices sent before a child reaches the age of consent. See Emails and text messages for their delivery."
    empty_text = "No notice has been sent yet."
    about = person_column("subject", "child")


@boards.connect
def coming_of_age_board(actor: Actor, at: datetime) -> list[Card]:
    if not actor.may(Capability.MANAGE_GUARDIANS):
        return []
    days = settings.AGE_NOTICE_DAYS
    soon = select_by_clock(at, lambda now: coming_of_age(actor, at=now, until=now + timedelta(days=days)))
    if not (number := count_up_to(soon.order_by())):
        return []
    note = gettext("within %(days)s days: a guardian’s consent then ends, and they are asked themselves")
    url = reverse("admin:ageing_comingofage_changelist", current_app=site.name) + f"?when={days}"
    return [Card(gettext("Reach the age of consent"), format_count(number), note % {"days": days}, url)]
