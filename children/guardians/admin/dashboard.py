"""Dashboard cards about changes that wait for approval and guardians who disagree."""

from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from children.guardians.models import GuardianChange, GuardianConflict
from paktaleem.directory.people.models import AgeChange
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.models import ClientChange
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.second_person import ChangeState
from paktaleem.foundation.console.paging import count_each_up_to, format_count
from paktaleem.foundation.console.site import Card, boards, site

__all__ = ["children_board"]


@boards.connect
def children_board(actor: Actor, at: datetime) -> list[Card]:
    """Return cards that count changes waiting for approval and open disagreements, for those who may settle them."""
    del at
    if not actor.may(Capability.APPROVE_CHILD_CHANGES):
        return []
    changes, ages, clients, cases = count_each_up_to(
        GuardianChange.objects.filter(state=ChangeState.WAITING),
        AgeChange.objects.filter(state=ChangeState.WAITING),
        ClientChange.objects.filter(state=ChangeState.WAITING),
        GuardianConflict.objects.filter(closed_at=None),
    )
    found = (
        (_("Changes of guardians"), changes, "children_guardianchange", "?state__exact=waiting"),
        (_("Changes of ages"), ages, "subjects_agechange", "?state__exact=waiting"),
        (_("Changes of clients"), clients, "accounts_clientchange", "?state__exact=waiting"),
        (_("Guardians disagree"), cases, "children_guardianconflict", ""),
    )
    return [
        Card(title, format_count(number), _("need manual action"), _list(name) + query, needs_attention=True)
        for title, number, name, query in found
        if number
    ]


def _list(name: str) -> str:
    return reverse(f"admin:{name}_changelist", current_app=site.name)
