"""Lines of the first page: changes of staff and of periods that wait, and API keys that expire soon."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from paktaleem.directory.staff.administration.admin.api_keys import expires_soon
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.client_services import RECOMPUTE_AGES
from paktaleem.foundation.accounts.models import ApiKey, Client, Membership, User
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.second_person import ChangeState
from paktaleem.foundation.accounts.staff_changes import StaffChange
from paktaleem.foundation.console.filters import PROGRESS
from paktaleem.foundation.console.home_pages import HomePage, Line, Task, home_pages
from paktaleem.foundation.console.long_acts import Work, list_work, long_acts, make_run_act
from paktaleem.foundation.console.requests import actor_of, get_action_time
from paktaleem.foundation.console.site import boards, site
from paktaleem.foundation.console.translation import translate_text
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from paktaleem.foundation.upkeep.periods.models import PeriodChange


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
    title, note = translate_text("Changes of staff"), gettext("a second person must approve")
    return Task(title, rows, note, url, since="requested_at")


def _list_period_changes() -> Task:
    url = reverse("admin:periods_periodchange_changelist", current_app=site.name) + "?state__exact=waiting"
    rows = PeriodChange.objects.filter(client_id=PAKTALEEM, state=ChangeState.WAITING)
    return Task(gettext("Changes of periods"), rows, gettext("a second person must approve"), url, since="requested_at")


def _list_ending_keys(at: datetime) -> Task:
    url = reverse("admin:accounts_apikey_changelist", current_app=site.name) + f"?{PROGRESS}=ending"
    rows, note = ApiKey.objects.filter(expires_soon(at)), gettext("within 30 days: rotate them in time")
    return Task(gettext("API keys expire soon"), rows, note, url, due="expires_at")


def show_work(request: HttpRequest, context: dict[str, Any]) -> TemplateResponse:
    """Show the long acts that run or ended lately, of the client or of all."""
    actor = actor_of(request)
    found = list_work(actor, at=get_action_time(request))
    names = _name_staff(actor, (one.progress.started_by for one in found))
    clients = dict(Client.objects.filter(pk__in={one.row.client_id for one in found}).values_list("pk", "name"))
    lines = found.map(lambda one: {"work": one, "client": clients.get(one.row.client_id, ""), "who": _who(one, names)})
    values = {"lines": lines, "is_running": any(one.progress.is_running for one in found)}
    return TemplateResponse(request, "console/work.html", {**context, **values})


def _who(work: Work, names: dict[UUID, str]) -> str:
    key = work.progress.started_by
    return gettext("System") if key is None else names.get(key, "PakTaleem")


def _name_staff(actor: Actor, keys: Iterable[UUID | None]) -> dict[UUID, str]:
    """Map users to their addresses; a client sees its own staff only."""
    rows = User.objects.filter(pk__in={key for key in keys if key is not None})
    if actor.client_id is not None:
        rows = rows.filter(pk__in=Membership.objects.filter(client_id=actor.client_id).values("user_id"))
    return dict(rows.values_list("pk", "email"))


home_pages.connect(HomePage("work", _("Work in progress"), Capability.VIEW_LEDGER, show_work))
long_acts.connect(
    make_run_act(
        RECOMPUTE_AGES,
        _("Ages after a changed threshold"),
        Capability.VIEW_CLIENT_SET_UP,
        lambda run: reverse("admin:accounts_client_change", args=[run.client_id]),
    )
)
