"""Adding data categories to a purpose in the console: first shows whose consent must be given again."""

from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils.translation import get_language

from consent.notices.selectors.preview import EffectPreview, preview_widening
from consent.register.models.purposes import DataCategory, Purpose
from consent.register.services.widening import widen_purpose
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.added_actions import AddedAct, added_acts
from paktaleem.foundation.console.forms import RowActionForm, set_choices
from paktaleem.foundation.console.requests import actor_of, get_action_time
from paktaleem.foundation.console.row_actions import RowAction
from paktaleem.foundation.tenancy.ids import PAKTALEEM


class WidenForm(RowActionForm):
    """A form to choose the data categories to add."""

    categories = forms.MultipleChoiceField(label="Data categories to add", widget=forms.CheckboxSelectMultiple)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer the categories that the purpose does not need yet."""
        super().__init__(*args, **kwargs)
        set_choices(self, "categories", _list_missing(self.row))
        self.order_fields(["categories", "reason"])

    @property
    def effect(self) -> EffectPreview:
        """Return whose consent must be given again, whichever category is added."""
        return preview_widening(self.row, actor=actor_of(self.request), at=get_action_time(self.request))


def _list_missing(purpose: Purpose) -> list[tuple[str, str]]:
    found = DataCategory.objects.filter(client_id__in=[PAKTALEEM, purpose.client_id]).exclude(
        code__in=purpose.categories
    )
    language = get_language() or "en"
    offered = ((one.code, str(getattr(one, f"name_{language}"))) for one in found)
    return sorted(offered, key=lambda one: one[1])


def _widen(purpose: Purpose, given: dict[str, Any], request: HttpRequest) -> None:
    widen_purpose(
        purpose,
        categories=given["categories"],
        actor=actor_of(request),
        reason=given["reason"],
        at=get_action_time(request),
    )


added_acts.connect(
    AddedAct(
        Purpose._meta.label_lower,
        RowAction(
            "widen",
            "Add data categories",
            Capability.ANNOUNCE_NOTICES,
            _widen,
            lead="Earlier consents do not cover the added data: they are outdated from now on, and everyone is asked "
            "again. Announce a version of the purpose's notice that names the added data, too.",
            done="Data categories added. Earlier consents to this purpose are outdated.",
            form=WidenForm,
            danger=True,
            template="console/widen.html",
        ),
    )
)
