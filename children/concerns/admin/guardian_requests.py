"""The act by which staff record what a guardian requests about a child's data, on the guardian's page."""

from typing import Any

from django import forms
from django.http import HttpRequest

from children.concerns.forms import WISHES
from children.concerns.services import MayNotAsk, ask_about_data
from children.guardians.admin.guardians import is_in_effect
from children.guardians.admin.words import REFUSALS
from children.guardians.models import Guardianship
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.acts import Act
from paktaleem.foundation.console.asking import actor_of, received_at
from paktaleem.foundation.console.forms import ActForm
from paktaleem.foundation.console.row_acts import AddedAct, added_acts

__all__: list[str] = []

_MAY_NOT_ASK = (
    "They may not ask for this: verify them first, for a copy by what somebody saw, and see whether they may be told."
)


class AboutDataForm(ActForm):
    """What the guardian says shall happen to the data."""

    reason = None  # type: ignore[assignment]
    wish = forms.ChoiceField(
        label="What shall happen to the data", choices=list(WISHES.items()), widget=forms.RadioSelect
    )


def _about_data(row: Guardianship, given: dict[str, Any], request: HttpRequest) -> None:
    told: dict[str, Any] = {"actor": actor_of(request), "at": received_at(request)}
    ask_about_data(row.child, guardian=row.guardian, wish=given["wish"], language=row.guardian.language, **told)


added_acts.connect(
    AddedAct(
        "children.guardianship",
        Act(
            "data",
            "What shall happen to the data",
            Capability.RECORD_GUARDIANS,
            _about_data,
            form=AboutDataForm,
            lead="What the guardian asks for. A copy is ordered of every system at once; a deletion waits until an "
            "administrator of the client confirms it, under Concerns.",
            done="Taken in.",
            applies=is_in_effect,
            refusals={**REFUSALS, MayNotAsk: _MAY_NOT_ASK},
        ),
        after="answer",
    )
)
