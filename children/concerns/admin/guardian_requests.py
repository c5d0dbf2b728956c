"""The act by which staff record what a guardian requests about a child's data, on the guardian's page."""

from typing import Any

from django import forms
from django.http import HttpRequest

from children.concerns.forms import REQUEST_LABELS
from children.concerns.services import record_data_request
from children.guardians.admin.guardians import is_in_effect
from children.guardians.models import Guardianship
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.added_actions import AddedAct, added_acts
from paktaleem.foundation.console.forms import ActionForm
from paktaleem.foundation.console.requests import actor_of, get_action_time
from paktaleem.foundation.console.row_actions import RowAction

__all__: list[str] = []


class AboutDataForm(ActionForm):
    """Form to record what the guardian requests for the data."""

    wish = forms.ChoiceField(
        label="What should happen to the data", choices=list(REQUEST_LABELS.items()), widget=forms.RadioSelect
    )


def _request_about_data(row: Guardianship, given: dict[str, Any], request: HttpRequest) -> None:
    context: dict[str, Any] = {"actor": actor_of(request), "at": get_action_time(request)}
    record_data_request(row.child, guardian=row.guardian, wish=given["wish"], language=row.guardian.language, **context)


added_acts.connect(
    AddedAct(
        "children.guardianship",
        RowAction(
            "data",
            "What should happen to the data",
            Capability.RECORD_GUARDIANS,
            _request_about_data,
            form=AboutDataForm,
            lead="The guardian's request. A copy is ordered from every system at once; a deletion waits until an "
            "administrator of the client confirms it under Concerns.",
            done="Request recorded.",
            applies=is_in_effect,
        ),
        after="answer",
    )
)
