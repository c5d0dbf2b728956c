"""Lines of the first page: changes of staff and of periods that wait, and API keys that expire soon."""

from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from paktaleem.directory.administration.admin.api_keys import expires_soon
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.models import ApiKey
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.second_person import ChangeState
from paktaleem.foundation.accounts.staff_changes import StaffChange
from paktaleem.foundation.console.cards import Line, Task
from paktaleem.foundation.console.filters import PROGRESS
from paktaleem.foundation.console.site import boards, site
from paktaleem.foundation.console.translation import translate_text
from paktaleem.foundation.periods.models import PeriodChange
from paktaleem.foundation.tenancy.ids import PAKTALEEM


@boards.connect
def administration_board(actor: Actor, at: datetime) -> list[Line]:
    """Return the lines that the actor's role may see."""
    shown = []
    if actor.may(Capability.MANAGE_COLLEAGUES):
        shown.append(_list_staff_changes())
    if actor.may(Capability.MANAGE_PERIODS):
        shown.append(_list_period_changes())
    if actor.may(Capability.VIEW_API_KEYS):
        shown.append(_list_ending_keys(at))
    return list(shown)


def _list_staff_changes() -> Task:
    url = reverse("admin:accounts_staffchange_changelist", current_app=site.name) + "?state__exact=waiting"
    rows = StaffChange.objects.filter(state=ChangeState.WAITING)
    title, note = translate_text("Changes of staff"), _("a second person must approve")
    return Task(title, rows, note, url, since="requested_at")


def _list_period_changes() -> Task:
    url = reverse("admin:periods_periodchange_changelist", current_app=site.name) + "?state__exact=waiting"
    rows = PeriodChange.objects.filter(client_id=PAKTALEEM, state=ChangeState.WAITING)
    return Task(_("Changes of periods"), rows, _("a second person must approve"), url, since="requested_at")


def _list_ending_keys(at: datetime) -> Task:
    url = reverse("admin:accounts_apikey_changelist", current_app=site.name) + f"?{PROGRESS}=ending"
    rows, note = ApiKey.objects.filter(expires_soon(at)), _("within 30 days: rotate them in time")
    return Task(_("API keys expire soon"), rows, note, url, due="expires_at")
