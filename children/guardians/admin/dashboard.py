"""Dashboard cards about changes that wait for approval and guardians who disagree."""

from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from children.guardians.models.cases import GuardianChange, GuardianConflict
from paktaleem.directory.people.age_changes import AgeChange
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.client_changes import ClientChange
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.second_person import ChangeState
from paktaleem.foundation.console.cards import Line, Task
from paktaleem.foundation.console.filters import PROGRESS
from paktaleem.foundation.console.site import boards, site


@boards.connect
def children_board(actor: Actor, at: datetime) -> list[Line]:
    """Return cards that count changes waiting for approval and open disagreements, for those who may settle them."""
    del at
    if not actor.may(Capability.APPROVE_CHILD_CHANGES):
        return []
    note = _("need manual action")
    waiting = (
        (_("Changes of guardians"), GuardianChange, "children_guardianchange"),
        (_("Changes of ages"), AgeChange, "subjects_agechange"),
        (_("Changes of clients"), ClientChange, "accounts_clientchange"),
    )
    changes = [
        Task(
            title,
            model._default_manager.filter(state=ChangeState.WAITING),
            note,
            f"{_list(name)}?state__exact=waiting",
            since="requested_at",
        )
        for title, model, name in waiting
    ]
    open_cases = GuardianConflict.objects.filter(closed_at=None)
    url = _list("children_guardianconflict") + f"?{PROGRESS}=open"
    return [*changes, Task(_("Guardians disagree"), open_cases, note, url, since="opened_at")]


def _list(name: str) -> str:
    return reverse(f"admin:{name}_changelist", current_app=site.name)
