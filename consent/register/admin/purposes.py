"""Purposes, categories, occasions, lawful bases and balancing tests in the console."""

from collections.abc import Callable
from typing import Any, ClassVar
from uuid import UUID

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext, gettext_lazy

from consent.register.admin.purpose_steps import (
    ASSESSMENT_FIELDS,
    BASIS_FIELDS,
    PURPOSE_STEPS,
    PurposeForm,
    build_bases,
    list_purpose_effects,
)
from consent.register.admin.row_admin import PeriodAdmin, RegisterAdmin
from consent.register.admin.safeguards import SafeguardedAdmin, cancel_safeguarded_act, end_safeguarded_act
from consent.register.models.capacities import PurposeCapacity
from consent.register.models.purposes import BalancingTest, DataCategory, LawfulBasis, ListedLaw, Occasion, Purpose
from consent.register.services.balancing import sign_balancing_test
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.columns import day, render_state, state_column
from paktaleem.foundation.console.filters import ActiveFilter, ConditionFilter
from paktaleem.foundation.console.register_names import CodeKind, format_categories, register_name_sources
from paktaleem.foundation.console.requests import actor_of, get_action_time
from paktaleem.foundation.console.row_actions import RowAction
from paktaleem.foundation.console.row_search import RowSearch
from paktaleem.foundation.console.search import searches
from paktaleem.foundation.console.site import site
from paktaleem.foundation.console.steps import SteppedAdmin
from paktaleem.foundation.extensions.points import ExtensionPoint

purpose_panels: ExtensionPoint[Callable[[HttpRequest, Purpose], dict[str, Any] | None]] = ExtensionPoint(
    "register.purpose_panels", "Panels of a purpose's page; None if there is nothing to show."
)


class CodeAndNameAdmin(RegisterAdmin):
    """Rows with a code and a name in English and Urdu."""

    row_fields = ("code", "name_en", "name_ur")
    fixed = ("code",)
    list_display = ("code", "name_en", "name_ur", "owner")
    list_filter = ("client",)
    search_fields = ("code", "name_en")


@admin.register(DataCategory, site=site)
class DataCategoryAdmin(CodeAndNameAdmin):
    """Types of personal data."""

    intro = "Types of personal data. Shared ones belong to PakTaleem; a client may add its own."
    empty_text = "No category yet: purposes require data categories."


@admin.register(Occasion, site=site)
class OccasionAdmin(CodeAndNameAdmin):
    """Occasions on which data is collected."""

    intro = "Occasions on which personal data is collected."
    empty_text = "No occasion yet: add the occasions on which data is collected."


@admin.register(Purpose, site=site)
class PurposeAdmin(SteppedAdmin, SafeguardedAdmin):
    """Purposes of processing; a new one is added in steps, with its lawful basis."""

    form = PurposeForm
    steps = PURPOSE_STEPS

    fixed = ("code",)
    search_fields = ("code", "name_en")
    row_fields = (
        "code",
        "name_en",
        "name_ur",
        "description_en",
        "description_ur",
        "categories",
        "dpv_term",
        "needs_account",
        "consent_months",
        "renew_days",
        "is_active",
    )
    list_display = ("code", "name_en", "owner", "needs", "state")
    list_filter = (ActiveFilter, "client")
    codes = {"categories": DataCategory}
    intro = (
        "Purposes of processing, and the data categories they need. A sale is never a purpose. The page of a new "
        "purpose leads through what it still needs."
    )
    empty_text = "No purpose yet: no data may be processed."
    state = state_column(lambda row: render_state("Active", "good") if row.is_active else render_state("Inactive"))

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Ask for the lawful basis of a new purpose, too."""
        sets = super().get_fieldsets(request, obj)
        if obj is not None:
            return sets
        basis = (gettext("Lawful basis"), {"fields": BASIS_FIELDS})
        return [sets[0], basis, (gettext("Assessment of interests"), {"fields": ASSESSMENT_FIELDS}), *sets[1:]]

    def write(self, row: Any, **details: Any) -> None:
        """Add or change the purpose; add its lawful basis for each chosen role."""
        super().write(row, **details)
        if not details["change"]:
            for basis in build_bases(row, actor=details["actor"], reason=details["reason"], at=details["at"]):
                super().write(basis, **details, roles=[role for role, _basis in row.first_bases])

    def list_effects(self, row: Purpose) -> list[str]:
        """Return who sees a new purpose, and what is decided about it."""
        return list_purpose_effects(row)

    def panels(self, request: HttpRequest, row: Purpose) -> list[dict[str, Any]]:
        """Return the panels of the apps above."""
        own = [panel for show in purpose_panels if (panel := show(request, row)) is not None]
        return [*super().panels(request, row), *own]

    @admin.display(description="data needed")
    def needs(self, row: Purpose) -> str:
        """Return the names of the data categories."""
        return format_categories(row.categories, row.client_id) or "—"


@admin.register(LawfulBasis, site=site)
class LawfulBasisAdmin(SafeguardedAdmin, PeriodAdmin):
    """Lawful bases of processing."""

    row_fields = (
        "purpose",
        "role",
        "basis",
        "legal_reference",
        "balancing_test",
        "starts_at",
        "ends_at",
    )
    fixed = ("purpose", "role", "starts_at")
    fixed_once_started = ("basis", "legal_reference", "balancing_test")
    list_display = ("purpose", "role", "basis", "owner", "state", "starts_at")
    list_filter = ("basis", "role", "client")
    ordering = ("-starts_at", "-id")
    newest_by = "starts_at"
    intro = (
        "The lawful basis of each purpose for each role, from a day on. The latest one that has started is in force. "
        "A client sets it where it is controller; where PakTaleem is controller, PakTaleem does."
    )
    empty_text = "No lawful basis yet: every decision is a denial."
    acts = (
        end_safeguarded_act(
            "End this basis",
            "From now on this basis no longer applies to the purpose; without another one no data may be processed.",
            Capability.MANAGE_REGISTER,
        ),
        cancel_safeguarded_act("Cancel this basis", "It will never apply.", Capability.MANAGE_REGISTER),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Select related rows."""
        return super().get_queryset(request).select_related("purpose", "balancing_test")


@admin.register(ListedLaw, site=site)
class ListedLawAdmin(RegisterAdmin):
    """Laws of each country that legal obligations may cite."""

    add_capability = change_capability = Capability.MANAGE_AGREEMENTS
    row_fields = ("country", "citation")
    fixed = ("country",)
    list_display = ("citation", "country")
    list_filter = ("country",)
    search_fields = ("citation",)
    intro = (
        "The laws of each country that a legal obligation of a client there may cite. PakTaleem’s privacy officers "
        "list them."
    )
    empty_text = "No law is listed yet: no client can base a purpose on a legal obligation."


@admin.register(PurposeCapacity, site=site)
class PurposeCapacityAdmin(SafeguardedAdmin, PeriodAdmin):
    """PakTaleem's part: controller, joint controller or processor."""

    add_capability = change_capability = Capability.MANAGE_AGREEMENTS
    row_fields = ("purpose", "capacity", "starts_at", "ends_at")
    fixed = ("purpose", "starts_at")
    fixed_once_started = ("capacity",)
    list_display = ("purpose", "capacity", "owner", "state", "starts_at")
    list_filter = ("capacity", "client")
    ordering = ("-starts_at", "-id")
    newest_by = "starts_at"
    intro = (
        "PakTaleem’s part for a purpose from a day on, at every client or at one: controller, joint controller with "
        "the client, or processor. Set by PakTaleem. Without an entry it is processor, and the client sets the lawful "
        "basis."
    )
    empty_text = "No entry: PakTaleem is processor for every purpose."
    acts = (
        end_safeguarded_act(
            "End this entry",
            "From now on the entry that applied before it applies again, or PakTaleem is processor.",
            Capability.MANAGE_AGREEMENTS,
        ),
        cancel_safeguarded_act(
            "Cancel this entry", "The part will not change on that day.", Capability.MANAGE_AGREEMENTS
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Select related rows."""
        return super().get_queryset(request).select_related("purpose")


def _sign(test: BalancingTest, given: dict[str, Any], request: HttpRequest) -> None:
    sign_balancing_test(test, actor=actor_of(request), reason=given["reason"], at=get_action_time(request))


def _signature_pill(row: BalancingTest) -> SafeString:
    return (
        render_state(gettext("Signed {day}").format(day=day(row.signed_at)), "good")
        if row.signed_at
        else render_state("Unsigned", "warn")
    )


class UnsignedFilter(ConditionFilter):
    """Filter for tests that no officer has signed."""

    offered: ClassVar[Any] = {"unsigned": (gettext_lazy("Unsigned"), lambda _at: Q(signed_at=None))}


@admin.register(BalancingTest, site=site)
class BalancingTestAdmin(RegisterAdmin):
    """Balancing tests of legitimate interest against the person's rights."""

    row_fields = ("purpose", "interest", "necessity", "balance", "safeguards")
    fixed = ("purpose",)
    detail_fields = ("state", "signed_by", "signed_at")
    list_display = ("purpose", "owner", "state", "interest_short")
    list_filter = (UnsignedFilter, "client")
    intro = "Legitimate interest may be used only after a privacy officer has signed the balancing test."
    empty_text = "No balancing test yet: no purpose is based on legitimate interest."
    state = state_column(_signature_pill)
    acts = (
        RowAction(
            "sign",
            "Sign",
            Capability.SIGN_BALANCING_TEST,
            _sign,
            lead="Once you sign, the purpose may be based on legitimate interest. The text can then no longer change.",
            done="Signed. In effect from the next decision.",
            applies=lambda row, _at: row.signed_at is None,
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Select related rows."""
        return super().get_queryset(request).select_related("purpose", "signed_by")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return False for a signed test: a new assessment is a new row."""
        if obj is not None and obj.signed_at is not None:
            return False
        return super().has_change_permission(request, obj)

    @admin.display(description="interest")
    def interest_short(self, row: BalancingTest) -> str:
        """Return the first 80 characters of the interest."""
        return row.interest if len(row.interest) <= 80 else f"{row.interest[:79]}…"  # noqa: PLR2004 -- fits one line


searches.connect(RowSearch(Purpose, ("code", "name_en", "name_ur"), contains=True))


_NAMED = {CodeKind.PURPOSE: Purpose, CodeKind.CATEGORY: DataCategory, CodeKind.OCCASION: Occasion}


@register_name_sources.connect
def load_register_names(kind: CodeKind) -> dict[tuple[UUID, str], str]:
    """Return the names of all codes of a kind that the context may see, by client and code, in the page's language."""
    name = "name_ur" if get_language() == "ur" else "name_en"
    rows = _NAMED[kind]._default_manager.values_list("client_id", "code", name)
    return {(client, code): text for client, code, text in rows}
