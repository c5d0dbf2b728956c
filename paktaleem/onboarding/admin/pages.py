"""The page *Set up* of a client, the same for both sides, and the list of clients that are being set up."""

from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy, gettext_noop

from paktaleem.directory.administration.client_pages import ClientPage, client_pages
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.clock import wall_clock_now
from paktaleem.foundation.console.filters import CLIENT_PARAMETER
from paktaleem.foundation.console.requests import actor_of, get_action_time, may
from paktaleem.foundation.console.site import site
from paktaleem.foundation.console.tasks_under_way import STEP, begin_task
from paktaleem.onboarding.selectors import ClientFacts, is_tied_to_other_side, list_client_facts, list_clients_in_set_up
from paktaleem.onboarding.steps import SIGNING_PAGE, Link, Step, list_open_steps, list_steps

__all__: list[str] = []

_TIED_OFFICER = gettext_lazy(
    "You cannot sign with the other side yet: in the last 72 hours you proposed or approved the administrator’s role, "
    "or one of you re-enabled or reset the other’s account. Another officer signs for PakTaleem, or the client signs "
    "on paper."
)
_TIED_ADMINISTRATOR = gettext_lazy(
    "The officer who has signed gave you your role in the last 72 hours, so you cannot sign together. Ask PakTaleem to "
    "have another officer sign, or sign on paper."
)


def _show_client(request: HttpRequest, client: Client | None) -> dict[str, Any]:
    found = list_client_facts(at=get_action_time(request), client_id=client.pk) if client else []
    if client is None or not found:
        raise Http404
    begin_task(request, label=client.name, url=request.path)
    [facts] = found
    steps = [_to_line(step, facts, actor_of(request)) for step in list_steps(facts)]
    _warn_of_tie(steps, facts, actor_of(request))
    left = [one for one in steps if not one["is_done"] and not one["is_optional"]]
    following = next((one for one in left if one["links"]), left[0] if left else None)
    done = sum(one["is_done"] for one in steps if not one["is_optional"])
    total = sum(not one["is_optional"] for one in steps)
    return {"steps": steps, "done": done, "total": total, "following": following}


def _to_line(step: Step, facts: ClientFacts, viewer: Actor) -> dict[str, Any]:
    is_done = step.is_done(facts)
    links = [] if is_done else [_to_address(link, facts, viewer) for link in step.links]
    return {
        "code": step.code,
        "title": step.title,
        "why": step.why,
        "who": step.party.label,
        "note": step.note(facts),
        "is_done": is_done,
        "is_optional": step.is_optional,
        "links": [link for link in links if link is not None],
    }


def _warn_of_tie(steps: list[dict[str, Any]], facts: ClientFacts, viewer: Actor) -> None:
    """Add to the step of the signatures a warning that the reader's signature would not count with the other side's."""
    signatures = next(one for one in steps if one["code"] == "signatures")
    may_sign = viewer.may(Capability.SIGN_AGREEMENTS, facts.client.pk) and not signatures["is_done"]
    if may_sign and is_tied_to_other_side(facts, viewer, at=wall_clock_now()):
        signatures["warning"] = _TIED_OFFICER if viewer.client_id is None else _TIED_ADMINISTRATOR
        if viewer.client_id is None:  # an administrator may still read it, and decline
            signing = reverse(f"admin:{SIGNING_PAGE}", args=[facts.agreement], current_app=site.name)
            signatures["links"] = [one for one in signatures["links"] if not one[1].startswith(signing)]


def _to_address(link: Link, facts: ClientFacts, viewer: Actor) -> tuple[Any, str] | None:
    """Return label and address of a page; None if the reader may not do the act, or it does not apply."""
    if not viewer.may(link.capability, facts.client.pk) or not link.applies(facts):
        return None
    if not link.offered_to(facts, viewer):
        return None
    rows = {"client": facts.client.pk, "agreement": facts.agreement, "proposal": facts.proposal}
    args = [rows[link.row]] if link.row else []
    address = reverse(f"admin:{link.page}", args=args, current_app=site.name)
    step = ((STEP, "1"), ("reason", Reason.ONBOARDING.value))
    if link.row:
        return link.label, f"{address}?{urlencode(step)}"
    if not link.page.endswith("_add"):
        return link.label, f"{address}?{urlencode({CLIENT_PARAMETER: facts.client.pk})}"
    values = [
        *link.values,
        *step,
        *([("client", str(facts.client.pk))] if viewer.client_id is None else []),
    ]
    return link.label, f"{address}?{urlencode(values)}"


def _list_clients(request: HttpRequest, client: Client | None) -> dict[str, Any]:
    del client
    lines = [
        {
            "client": facts.client,
            "url": reverse("admin:accounts_client_set-up", args=[facts.client.pk], current_app=site.name),
            "left": len(steps),
            "following": steps[0],
        }
        for facts in list_clients_in_set_up(at=get_action_time(request))
        if (steps := list_open_steps(facts))
    ]
    add = reverse("admin:accounts_client_add", current_app=site.name)
    return {"lines": lines, "add_url": add if may(request, Capability.MANAGE_CLIENTS) else ""}


client_pages.connect(
    ClientPage(
        slug="set-up",
        title=gettext_noop("Set-up"),
        capability=Capability.VIEW_CLIENT_SET_UP,
        template="console/set_up.html",
        values=_show_client,
        opens_after_adding=True,
    )
)
client_pages.connect(
    ClientPage(
        slug="set-up",
        title=gettext_noop("Clients being set up"),
        capability=Capability.VIEW_CLIENT_SET_UP,
        template="console/set_ups.html",
        values=_list_clients,
        is_list=True,
    )
)
