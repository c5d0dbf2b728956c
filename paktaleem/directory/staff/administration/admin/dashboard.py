"""Lines of the first page: changes of staff and of periods that wait, and API keys that expire soon."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.client_services import RECOMPUTE_AGES
from paktaleem.foundation.accounts.models import Client, Membership, User
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.home_pages import HomePage, home_pages
from paktaleem.foundation.console.long_acts import Work, list_work, long_acts, make_run_act
from paktaleem.foundation.console.requests import actor_of, get_action_time


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
