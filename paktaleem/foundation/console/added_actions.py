"""Acts that an app adds to the page of a row of an app below it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from paktaleem.foundation.accounts.acts import Act
from paktaleem.foundation.console.act_pages import act_page
from paktaleem.foundation.console.row_actions import RowAction
from paktaleem.foundation.operations.extensions.points import ExtensionPoint


@dataclass(frozen=True)
class AddedAct:
    """An act on the rows of a model, ``app_label.model``; placed behind the act ``after``, or last."""

    model: str
    act: RowAction
    after: str = ""


added_acts: ExtensionPoint[AddedAct] = ExtensionPoint(
    "console.added_acts", "Acts of apps above on the page of a row of an app below."
)


def acts_of(model: str, own: Sequence[RowAction | Act[Any, ..., Any]]) -> list[RowAction]:
    """Return a model's own acts with the added ones in their places."""
    acts = [act if isinstance(act, RowAction) else _page_of(act) for act in own]
    for added in added_acts:
        if added.model == model:
            slugs = [act.slug for act in acts]
            acts.insert(slugs.index(added.after) + 1 if added.after in slugs else len(acts), added.act)
    return acts


@cache
def _page_of(act: Act[Any, ..., Any]) -> RowAction:
    return act_page(act)
