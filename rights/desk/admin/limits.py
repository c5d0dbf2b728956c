"""The end of restrictions and objections in the console."""

from contextlib import suppress
from datetime import datetime
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from consent.consents.models import Objection, Restriction
from consent.register.admin.safeguards import to_waiting
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.acts import Refused
from paktaleem.foundation.accounts.due import Severity
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.second_person import ChangeState
from paktaleem.foundation.console.act_pages import act_page
from paktaleem.foundation.console.added_actions import AddedAct, added_acts
from paktaleem.foundation.console.forms import ActionForm
from paktaleem.foundation.console.home_pages import Card, Line, make_cards
from paktaleem.foundation.console.register_names import format_purpose
from paktaleem.foundation.console.requests import actor_of, get_action_time
from paktaleem.foundation.console.site import boards, site
from paktaleem.foundation.encryption.sealing import CannotOpen
from paktaleem.foundation.tenancy.context import in_client
from rights.desk.limits import (
    inform_before_lift,
    propose_overruling,
    read_grounds,
    request_lift_after_notice,
    settle_overruling,
)
from rights.desk.models import Overruling


class AgreeForm(ActionForm):
    """The second officer's answer, beside the grounds."""

    approve = forms.TypedChoiceField(
        label=_("Your answer"),
        choices=[("yes", _("The objection is overruled")), ("no", _("The objection stays in force"))],
        coerce=lambda answer: answer == "yes",
        widget=forms.RadioSelect,
    )

    def __init__(self, *args: Any, row: Objection, request: HttpRequest, **kwargs: Any) -> None:
        super().__init__(*args, row=row, request=request, **kwargs)
        with suppress(Refused, CannotOpen), in_client(row.client_id):
            self.fields["approve"].help_text = read_grounds(row, actor=actor_of(request), at=get_action_time(request))


def _lift(row: Restriction, given: dict[str, Any], request: HttpRequest) -> HttpResponse:
    by: dict[str, Any] = {"actor": actor_of(request), "at": get_action_time(request)}
    return to_waiting(request, request_lift_after_notice(row, ground=given["ground"], **by))


for _model, _page in (
    (Restriction, act_page(inform_before_lift)),
    (Restriction, act_page(request_lift_after_notice, respond=_lift)),
    (Objection, act_page(propose_overruling)),
    (Objection, act_page(settle_overruling, form=AgreeForm, step_up=True)),
):
    added_acts.connect(AddedAct(_model._meta.label_lower, _page))


@boards.connect
def overruling_board(actor: Actor, at: datetime) -> list[Line]:
    """Return a card for each objection that two officers may overrule, oldest first; one query."""
    del at
    if not actor.may(Capability.OVERRULE_OBJECTIONS):
        return []
    waiting = Overruling.objects.filter(state=ChangeState.WAITING).select_related("objection")
    url = reverse("admin:consent_objection_changelist", current_app=site.name)
    return [*make_cards(waiting.order_by("requested_at", "id"), _to_card, url=url)]


def _to_card(row: Overruling) -> Card:
    url = reverse("admin:consent_objection_change", args=[row.objection_id], current_app=site.name)
    title, note = gettext("Objection to overrule"), gettext("a second officer must approve or decline")
    name = format_purpose(row.objection.purpose_code, row.client_id)
    return Card(title, name, note, url, Severity.TO_DO, waits_since=row.requested_at)
