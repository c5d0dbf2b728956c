"""Guardians' requests in the console."""

from contextlib import suppress
from datetime import datetime
from typing import Any

from django import forms
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from children.guardians.admin.guardians import is_in_effect
from children.guardians.models.guardians import Guardianship, Verification
from children.guardians.selectors import GuardianshipUnknown, find_request_blocker, get_live_guardianship
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.clock import client_now
from paktaleem.foundation.console.added_actions import AddedAct, added_acts
from paktaleem.foundation.console.forms import ActionForm, set_choices
from paktaleem.foundation.console.requests import actor_of, get_action_time
from paktaleem.foundation.console.row_actions import RowAction
from paktaleem.foundation.console.site import site
from paktaleem.foundation.tenancy.context import in_client
from rights.channels.guardians import WISH_LABELS, Wish, record_guardian_request
from rights.requests.admin.forms import request_panels
from rights.requests.models import Channel, IdentityMethod, RightKind, RightsRequest


class AboutDataForm(ActionForm):
    """Form to record what the guardian requests for the data."""

    wish = forms.ChoiceField(label="What should happen to the data", widget=forms.RadioSelect)
    text = forms.CharField(
        label=_("In their words"),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4, "dir": "auto"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        may_keep = actor_of(self.request).may(Capability.RECORD_GUARDIANS)
        offered = [(wish.value, words) for wish, words in WISH_LABELS.items() if may_keep or wish is not Wish.KEEP]
        set_choices(self, "wish", offered)


def _request_about_data(row: Guardianship, given: dict[str, Any], request: HttpRequest) -> None:
    actor = actor_of(request)
    is_client = actor.client_id is not None
    record_guardian_request(
        row.child,
        guardian=row.guardian,
        wish=given["wish"],
        text=given["text"],
        identity=IdentityMethod.CLIENT if is_client else "",
        channel=Channel.CLIENT if is_client else Channel.TELEPHONE,
        language=row.guardian.language,
        actor=actor,
        at=get_action_time(request),
    )


added_acts.connect(
    AddedAct(
        "guardians.guardianship",
        RowAction(
            "data",
            "What should happen to the data",
            Capability.RECEIVE_RIGHTS_REQUESTS,
            _request_about_data,
            form=AboutDataForm,
            lead="The guardian's request, which becomes a rights request. A copy is ordered from every system as soon "
            "as it is verified that the guardian made the request; a deletion waits until an administrator of the "
            "client grants it. The client verifies with this act, PakTaleem by a call back on the request’s page.",
            done="Request recorded. You find it under Rights requests.",
            applies=is_in_effect,
        ),
        after="answer",
    )
)


@request_panels.connect
def authority_panel(request: HttpRequest, row: RightsRequest) -> dict[str, Any] | None:
    """Return the panel with the guardian's authority now: relationship, verification, and what they may request."""
    del request
    if row.subject is None or row.requester is None:
        return None
    at = client_now()
    panel: dict[str, Any] = {"template": "console/panels/rights_guardian.html", "guardian": row.requester}
    panel["asks_erasure"] = row.is_open and row.guardian_right == RightKind.ERASURE
    with suppress(GuardianshipUnknown), in_client(row.client_id):
        panel |= _describe(get_live_guardianship(row.subject, row.requester, at=at), at)
    return panel


def _describe(found: Guardianship, at: datetime) -> dict[str, Any]:
    verifications = Verification.objects.filter(client_id=found.client_id, guardianship=found)
    return {
        "row": found,
        "url": reverse("admin:guardians_guardianship_change", args=[found.pk], current_app=site.name),
        "verification": verifications.order_by("-verified_at", "-pk").first(),
        "may_decide": find_request_blocker(found, discloses_data=False, at=at) is None,
        "may_have_copy": find_request_blocker(found, discloses_data=True, at=at) is None,
    }
