"""The weekly digest on a page of each client, with the full list, and the act that stops or resumes the email."""

from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext

from paktaleem.directory.people.admin.people import LABELS, person_url
from paktaleem.directory.staff.administration.client_pages import ClientPage, client_pages
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.added_actions import AddedAct, added_acts
from paktaleem.foundation.console.columns import annotate_actor, format_actor, reason_label
from paktaleem.foundation.console.forms import ActionForm
from paktaleem.foundation.console.requests import actor_of, get_action_time
from paktaleem.foundation.console.row_actions import RowAction
from paktaleem.foundation.console.site import site
from paktaleem.foundation.first_rows import take_latest
from paktaleem.foundation.tenancy.context import in_client, is_limited
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from paktaleem.office.digests.selectors import count_looks, is_stopped, list_coming, list_looks
from paktaleem.office.digests.services import switch_digest_email
from paktaleem.office.digests.texts import describe_look, list_waiting
from paktaleem.office.digests.weeks import Week, find_last_week, to_week

__all__: list[str] = []

_MOST = 500


def _show_digest(request: HttpRequest, client: Client | None) -> dict[str, Any]:
    if client is None:
        return {}
    actor, at = actor_of(request), get_action_time(request)
    last = find_last_week(at, client.time_zone)
    week = _read_week(request, last)
    with in_client(client.pk):
        looks = annotate_actor(list_looks(actor, client.pk, week), actor)
        return {
            "week": week,
            "earlier": week.move(-1),
            "later": week.move(1) if week.monday <= last.monday else None,
            "counts": [describe_look(one) for one in count_looks(client.pk, week)],
            "looks": take_latest(looks, _MOST).map(_to_line),
            "looks_url": reverse("admin:subjects_accessrecord_changelist", current_app=site.name),
            "waiting": list_waiting(actor, at) if actor.client_id is not None else [],
            "is_own": actor.client_id is not None,
            "coming": [(one, _list_url(one.page)) for one in list_coming(client, at=at)],
            "is_stopped": is_stopped(client.pk, actor.id),
            "switch_url": ""
            if is_limited()
            else reverse("admin:accounts_client_weekly-email", args=[client.pk], current_app=site.name),
        }


def _read_week(request: HttpRequest, last: Week) -> Week:
    """Return the week of the URL, at most the current one; the last one if there is none."""
    try:
        found = to_week(date.fromisoformat(request.GET.get("week", "")), last.zone)
    except ValueError:
        return last
    return found if found.monday <= last.move(1).monday else last


def _to_line(row: Any) -> dict[str, Any]:
    names = [name.strip() for name in row.fields.split(",")]
    return {
        "at": row.looked_at,
        "who": format_actor(row),
        "person": row.subject,
        "url": person_url(row.subject_id),
        "fields": ", ".join(str(LABELS.get(name, name)) for name in names),
        "reason": reason_label(row.reason),
    }


def _list_url(page: str) -> str:
    return reverse(f"admin:{page}_changelist", current_app=site.name)


def _switch(row: Client, given: dict[str, Any], request: HttpRequest) -> HttpResponse:
    del given
    stopped = switch_digest_email(row.pk, actor=actor_of(request), at=get_action_time(request))
    words = gettext("The weekly email is stopped for you.") if stopped else gettext("You get the weekly email again.")
    messages.success(request, words)
    return HttpResponseRedirect(reverse("admin:accounts_client_digest", args=[row.pk], current_app=site.name))


client_pages.connect(
    ClientPage("digest", "Weekly digest", Capability.VIEW_ACCESS_LOG, "console/digest.html", _show_digest)
)
added_acts.connect(
    AddedAct(
        Client._meta.label_lower,
        RowAction(
            "weekly-email",
            "Stop or resume the weekly email",
            Capability.VIEW_ACCESS_LOG,
            _switch,
            form=ActionForm,
            lead="For you alone. Administrators get the weekly digest by email every Monday; the page stays.",
            applies=lambda row, _: row.pk != PAKTALEEM and not is_limited(),  # limited staff get no such email
        ),
    )
)
