"""The register's pages in the console; every row is written through change_register."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AdminTextareaWidget
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import get_language, gettext, gettext as _, gettext_lazy, gettext_noop

from consent.register.admin.assessments import (
    ASSESS_IMPACT,
    ASSESS_TRANSFER,
    AUDIT_PROVIDER,
    DESCRIBE_AUTOMATED,
    list_declared_criteria,
    show_purpose_gates,
    show_recipient_gates,
)
from consent.register.admin.safeguards import (
    PeriodAdmin,
    RegisterAdmin,
    SafeguardedAdmin,
    SafeguardForm,
    cancel_act,
    end_act,
)
from consent.register.compiled import Basis
from consent.register.gates import list_gates
from consent.register.models.agreements import AgreementSuspension, Instruction, Recipient, RecipientApproval
from consent.register.models.purposes import (
    BASES,
    ROLES,
    BalancingTest,
    CodeAndName,
    DataCategory,
    LawfulBasis,
    ListedLaw,
    Occasion,
    Purpose,
    PurposeCapacity,
)
from consent.register.services import change_register, check_citation, sign_balancing_test
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.columns import day, render_state, state_column, text_column
from paktaleem.foundation.console.filters import ActiveFilter, ProgressFilter
from paktaleem.foundation.console.forms import FormData, add_service_error
from paktaleem.foundation.console.model_admin import Fieldsets, Saving
from paktaleem.foundation.console.register_names import CodeKind, format_categories, register_name_sources
from paktaleem.foundation.console.row_search import RowSearch
from paktaleem.foundation.console.search import searches
from paktaleem.foundation.console.site import site
from paktaleem.foundation.console.steps import Step, SteppedAdmin
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from paktaleem.foundation.text.times import join_words

BASIS_FIELDS = ("basis", "basis_roles", "legal_reference")
ASSESSMENT_FIELDS = ("interest", "necessity", "balance", "safeguards")
_PARTS = ASSESSMENT_FIELDS[:3]
PURPOSE_STEPS = (
    Step(
        "purpose",
        gettext_noop("What for"),
        gettext_noop(
            "Say what the data is for, in words that a parent understands, in both languages: they are shown when "
            "consent is requested. One purpose is one thing: add two purposes if people might agree to one and not "
            "to the other."
        ),
        ("name_en", "name_ur", "description_en", "description_ur", "code"),
    ),
    Step(
        "data",
        gettext_noop("Which data"),
        gettext_noop(
            "Choose only the data that this purpose cannot do without. Data that is not chosen is denied; adding it "
            "later makes everyone who consented be asked again. Say what happens to people by it: two risks need an "
            "impact assessment, and what is automated is described to them."
        ),
        ("categories", "automated", "risks", "needs_account", "is_active", "dpv_term"),
    ),
    Step(
        "basis",
        gettext_noop("Lawful basis"),
        gettext_noop(
            "Say why the law allows it. Consent: the person, or a guardian for a child, may refuse and withdraw. "
            "Contract: the service cannot be given without it. Legal obligation: a law demands it; cite the law. "
            "Legitimate interest: the data is needed for an interest that weighs more than the people’s; the next step "
            "asks for the assessment. Without a basis every decision is a denial, and you can add it later. Any basis "
            "but consent takes a ground in words, and applies once a second person approves it."
        ),
        (*BASIS_FIELDS, "consent_months", "renew_days"),
    ),
    Step(
        "assessment",
        gettext_noop("Assessment of interests"),
        gettext_noop(
            "Legitimate interest needs an assessment with three parts: the interest, why the data is necessary for it, "
            "and why it does not override people’s rights. It becomes the balancing test of the purpose. Until a "
            "privacy officer has signed it, every decision is a denial."
        ),
        ASSESSMENT_FIELDS,
        lambda entered: list(entered.get("basis", [])) == [Basis.LEGITIMATE_INTEREST],
    ),
)


def _assessment_field(label: Any, help_text: Any) -> forms.CharField:
    return forms.CharField(label=label, help_text=help_text, required=False, widget=AdminTextareaWidget)


class PurposeForm(SafeguardForm):
    """A purpose, with the lawful basis of a new one and, for legitimate interest, its assessment."""

    basis = forms.ChoiceField(
        label=gettext_lazy("Lawful basis"),
        required=False,
        choices=[("", gettext_lazy("None yet")), *BASES.items()],
        widget=forms.RadioSelect,
    )
    basis_roles = forms.MultipleChoiceField(
        label=gettext_lazy("For"),
        required=False,
        choices=ROLES,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("People in these roles. The basis starts now."),
    )
    legal_reference = forms.CharField(
        label=gettext_lazy("Law and section"),
        required=False,
        max_length=300,
        help_text=gettext_lazy("For a legal obligation only."),
    )
    interest = _assessment_field(gettext_lazy("Interest"), gettext_lazy("Which interest is pursued?"))
    necessity = _assessment_field(
        gettext_lazy("Necessity"), gettext_lazy("Why is the processing necessary for it? Would less data do?")
    )
    balance = _assessment_field(
        gettext_lazy("Balance"), gettext_lazy("Why does it not override the person’s rights, especially a child’s?")
    )
    safeguards = _assessment_field(
        gettext_lazy("Safeguards"), gettext_lazy("What protects people, such as less detail or a shorter period.")
    )

    def clean(self) -> dict[str, object]:
        cleaned = super().clean()
        basis = cleaned.get("basis", "")
        if basis and "basis_roles" in cleaned and not cleaned["basis_roles"]:
            self.add_error("basis_roles", _("Choose the roles for which the basis applies."))
        if basis == Basis.LEGAL_OBLIGATION:
            self._clean_law(cleaned)
        given = {name: cleaned.get(name) or "" for name in ASSESSMENT_FIELDS}
        if basis == Basis.LEGITIMATE_INTEREST:
            for name in _PARTS:
                if name in self.fields and not given[name]:
                    self.add_error(name, _("Legitimate interest needs this part of the assessment."))
        elif any(given.values()) and "basis" in self.fields:
            written = next(name for name in ASSESSMENT_FIELDS if given[name])
            self.add_error(written, _("The assessment is for legitimate interest only. Leave it empty."))
        self.instance.first_assessment = given
        self.instance.first_bases = [(role, basis) for role in cleaned.get("basis_roles") or []] if basis else []
        self.instance.first_reference = cleaned.get("legal_reference", "")
        return cleaned

    def _clean_law(self, cleaned: FormData) -> None:
        reference = cleaned.get("legal_reference")
        if not reference:
            self.add_error("legal_reference", _("Cite the law and the section for a legal obligation."))
            return
        client = cleaned.get("client") if "client" in self.fields else self.instance.client
        if client is not None and client.pk != PAKTALEEM:
            try:
                check_citation(reference, client)
            except ValidationError as error:
                add_service_error(self, error)


def _build_bases(purpose: Any, *, actor: Actor, reason: str, at: datetime) -> Iterator[LawfulBasis]:
    test = None
    if any(basis == Basis.LEGITIMATE_INTEREST for _role, basis in purpose.first_bases):
        test = BalancingTest(client_id=purpose.client_id, purpose=purpose, **purpose.first_assessment)
        change_register(test, actor=actor, reason=reason, at=at)
    for role, basis in purpose.first_bases:
        row = LawfulBasis(client_id=purpose.client_id, purpose=purpose, role=role, basis=basis, starts_at=at)
        row.balancing_test = test
        row.legal_reference = purpose.first_reference if basis == Basis.LEGAL_OBLIGATION else ""
        yield row


def list_purpose_effects(purpose: Any) -> list[str]:
    if purpose.client_id == PAKTALEEM:
        number = Client.objects.exclude(pk=PAKTALEEM).count()
        seen = _("Shared: all {number} clients see it in their register.").format(number=number)
    else:
        seen = _("Its client and PakTaleem see it in the register; other clients do not.")
    public = _("It is listed on the public page of purposes as soon as it is added.")
    again = _("No one is asked again: there is no consent to a new purpose yet.")
    if purpose.client_id != PAKTALEEM and Purpose.objects.filter(client_id=PAKTALEEM, code=purpose.code).exists():
        again = _("It takes the place of PakTaleem’s purpose with this code; lawful bases for this code still apply.")
        return [seen, again]
    return [seen, *([public] if purpose.is_active else []), again, *_list_decisions(purpose)]


def _list_decisions(purpose: Any) -> list[str]:
    if not purpose.is_active:
        return [_("It is not active: every decision about it is a denial.")]
    if list_gates(purpose, Client.objects.get(pk=purpose.client_id), ()):
        return [
            _("What it declares must be described or assessed first: until then every decision about it is a denial.")
        ]
    if not purpose.first_bases:
        return [_("It has no lawful basis yet: every decision about it is a denial.")]
    names, chosen = dict(ROLES), [role for role, _basis in purpose.first_bases]
    roles = join_words(str(names[role]) for role in chosen)
    if purpose.first_bases[0][1] == Basis.CONSENT:
        words = _("For {roles}: denied until the person, or a guardian for a child, has consented.")
    elif purpose.first_bases[0][1] == Basis.LEGITIMATE_INTEREST:
        words = _(
            "For {roles}: denied until a privacy officer has signed the assessment; then no consent is requested, and "
            "people may object."
        )
    else:
        words = _(
            "For {roles}: denied until a second person has approved the basis; then no consent is requested, and a "
            "child still needs a guardian who authorised the service."
        )
    others = _("For all other roles every decision is a denial.")
    instructed = _(
        "Where PakTaleem is processor, nothing is allowed before an instruction of the agreement covers the purpose."
    )
    return [words.format(roles=roles), *([others] if len(chosen) < len(ROLES) else []), instructed]


class CodeAndNameAdmin[Row: CodeAndName](RegisterAdmin[Row]):
    row_fields = ("code", "name_en", "name_ur")
    fixed = ("code",)
    list_display = ("code", "name_en", "name_ur", "owner")
    search_fields = ("code", "name_en")


@admin.register(DataCategory, site=site)
class DataCategoryAdmin(CodeAndNameAdmin[DataCategory]):
    intro = "Types of personal data. Shared ones belong to PakTaleem; a client may add its own."
    empty_text = "No category yet: purposes require data categories."


@admin.register(Occasion, site=site)
class OccasionAdmin(CodeAndNameAdmin[Occasion]):
    intro = "Occasions on which personal data is collected."
    empty_text = "No occasion yet: add the occasions on which data is collected."


@admin.register(Purpose, site=site)
class PurposeAdmin(SteppedAdmin[Purpose], SafeguardedAdmin[Purpose]):
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
        "automated",
        "risks",
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
    needs = text_column(lambda row: format_categories(row.categories, row.client_id) or "—", "data needed")
    acts = (DESCRIBE_AUTOMATED, ASSESS_IMPACT)

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> forms.Field | None:
        if db_field.name != "risks":
            field = super().formfield_for_dbfield(db_field, request, **kwargs)
            if field is not None and db_field.name == "automated":
                field.required = False  # left out, it stays as it is
            return field
        return forms.MultipleChoiceField(
            label=gettext("Risks"),
            help_text=db_field.help_text,
            required=False,
            choices=list_declared_criteria(),
            widget=forms.CheckboxSelectMultiple,
        )

    def panels(self, request: HttpRequest, row: Purpose) -> list[dict[str, object]]:
        return [*super().panels(request, row), show_purpose_gates(row, request)]

    def get_fieldsets(self, request: HttpRequest, obj: Purpose | None = None) -> Fieldsets:
        sets = super().get_fieldsets(request, obj)
        if obj is not None:
            return sets
        basis = (gettext("Lawful basis"), {"fields": BASIS_FIELDS})
        return [sets[0], basis, (gettext("Assessment of interests"), {"fields": ASSESSMENT_FIELDS}), *sets[1:]]

    def write(self, row: Any, saving: Saving, *, roles: Iterable[str] = ()) -> None:
        super().write(row, saving, roles=roles)
        if saving.is_new:
            for basis in _build_bases(row, **saving.by):
                super().write(basis, saving, roles=[role for role, _basis in row.first_bases])

    def list_effects(self, row: Purpose) -> list[str]:
        return list_purpose_effects(row)


@admin.register(LawfulBasis, site=site)
class LawfulBasisAdmin(SafeguardedAdmin[LawfulBasis], PeriodAdmin[LawfulBasis]):
    row_fields = ("purpose", "role", "basis", "legal_reference", "balancing_test", "starts_at", "ends_at")
    fixed = ("purpose", "role", "starts_at")
    fixed_once_started = ("basis", "legal_reference", "balancing_test")
    list_display = ("purpose", "role", "basis", "owner", "state", "starts_at")
    list_filter = ("basis", "role", "client")
    ordering = ("-starts_at", "-id")
    list_select_related = ("purpose", "balancing_test")
    intro = (
        "The lawful basis of each purpose for each role, from a day on. The latest one that has started is in force. "
        "A client sets it where it is controller; where PakTaleem is controller, PakTaleem does."
    )
    empty_text = "No lawful basis yet: every decision is a denial."
    acts = (
        end_act(
            "End this basis",
            "From now on this basis no longer applies to the purpose; without another one no data may be processed.",
            Capability.MANAGE_REGISTER,
        ),
        cancel_act("Cancel this basis", "It will never apply.", Capability.MANAGE_REGISTER),
    )


@admin.register(ListedLaw, site=site)
class ListedLawAdmin(RegisterAdmin[ListedLaw]):
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
class PurposeCapacityAdmin(SafeguardedAdmin[PurposeCapacity], PeriodAdmin[PurposeCapacity]):
    add_capability = change_capability = Capability.MANAGE_AGREEMENTS
    row_fields = ("purpose", "capacity", "starts_at", "ends_at")
    fixed = ("purpose", "starts_at")
    fixed_once_started = ("capacity",)
    list_display = ("purpose", "capacity", "owner", "state", "starts_at")
    list_filter = ("capacity", "client")
    ordering = ("-starts_at", "-id")
    list_select_related = ("purpose",)
    intro = (
        "PakTaleem’s part for a purpose from a day on, at every client or at one: controller, joint controller with "
        "the client, or processor. Set by PakTaleem. Without an entry it is processor, and the client sets the lawful "
        "basis."
    )
    empty_text = "No entry: PakTaleem is processor for every purpose."
    acts = (
        end_act(
            "End this entry",
            "From now on the entry that applied before it applies again, or PakTaleem is processor.",
            Capability.MANAGE_AGREEMENTS,
        ),
        cancel_act("Cancel this entry", "The part will not change on that day.", Capability.MANAGE_AGREEMENTS),
    )


def _signature_pill(row: BalancingTest) -> SafeString:
    if row.signed_at is None:
        return render_state("Unsigned", "warn")
    return render_state(gettext("Signed {day}").format(day=day(row.signed_at)), "good")


@admin.register(BalancingTest, site=site)
class BalancingTestAdmin(RegisterAdmin[BalancingTest]):
    row_fields = ("purpose", "interest", "necessity", "balance", "safeguards")
    fixed = ("purpose",)
    detail_fields = ("state", "signed_by", "signed_at")
    list_display = ("purpose", "owner", "state", "interest_short")
    list_filter = (ProgressFilter, "client")
    list_select_related = ("purpose", "signed_by")
    intro = "Legitimate interest may be used only after a privacy officer has signed the balancing test."
    empty_text = "No balancing test yet: no purpose is based on legitimate interest."
    state = state_column(_signature_pill)
    interest_short = text_column(lambda row: Truncator(row.interest).chars(80), "interest")
    acts = (sign_balancing_test,)

    def has_change_permission(self, request: HttpRequest, obj: BalancingTest | None = None) -> bool:
        if obj is not None and obj.signed_at is not None:
            return False
        return super().has_change_permission(request, obj)


searches.connect(RowSearch(Purpose, ("code", "name_en", "name_ur"), contains=True))
_NAMED = {CodeKind.PURPOSE: Purpose, CodeKind.CATEGORY: DataCategory, CodeKind.OCCASION: Occasion}


@register_name_sources.connect
def load_register_names(kind: CodeKind) -> dict[tuple[UUID, str], str]:
    """Return the names of all codes of a kind that the context may see, by client and code, in the page's language."""
    name = "name_ur" if get_language() == "ur" else "name_en"
    return {(client, code): text for client, code, text in _NAMED[kind].objects.values_list("client_id", "code", name)}


@admin.register(AgreementSuspension, site=site)
class AgreementSuspensionAdmin(PeriodAdmin[AgreementSuspension]):
    list_select_related = ("agreement",)
    add_capability = Capability.MANAGE_AGREEMENTS
    change_capability = None
    row_fields = ("agreement", "starts_at", "ends_at")
    fixed = ("agreement", "starts_at", "ends_at")
    list_display = ("agreement", "owner", "state", "starts_at", "ends_at")
    intro = (
        "While an agreement is suspended, data is stored and deleted, and not otherwise processed. The agreement’s own "
        "page resumes it, by two officers."
    )
    empty_text = "No agreement was ever suspended."


@admin.register(Instruction, site=site)
class InstructionAdmin(PeriodAdmin[Instruction]):
    list_select_related = ("agreement",)
    row_fields = ("agreement", "document", "purposes", "categories", "recipients", "starts_at", "ends_at")
    fixed = ("agreement", "starts_at")
    list_display = ("document", "owner", "agreement", "covers", "state", "starts_at")
    fixed_once_started = ("purposes", "categories", "recipients")
    codes = {"purposes": Purpose, "categories": DataCategory, "recipients": Recipient}
    intro = "Written instructions of clients to PakTaleem: purposes, data categories and recipients."
    empty_text = "No instruction yet: without one nothing is processed on a client’s behalf."
    acts = (
        end_act(
            "End instruction", "From now on no data is processed under this instruction.", Capability.MANAGE_REGISTER
        ),
        cancel_act("Cancel instruction", "No data will be processed under it.", Capability.MANAGE_REGISTER),
    )

    @admin.display(description="covers")
    def covers(self, row: Instruction) -> str:
        words = gettext("{purposes} purposes, {categories} data categories")
        return words.format(purposes=len(row.purposes), categories=len(row.categories))


@admin.register(Recipient, site=site)
class RecipientAdmin(SafeguardedAdmin[Recipient]):
    row_fields = (
        "code",
        "name",
        "service",
        "service_ur",
        "kind",
        "agreement_reference",
        "agreement_starts_at",
        "agreement_ends_at",
        "countries",
        "transfer_ground",
        "assurances",
        "address",
    )
    fixed = ("code",)
    detail_fields = ("no_consideration",)
    list_display = ("name", "code", "kind", "service", "countries", "owner")
    list_filter = (ProgressFilter, "client", "kind")
    search_fields = ("code", "name")
    intro = (
        "Third-party providers under a data processing agreement: their part, agreement, countries and assurances. "
        "Data is shared only while one is approved, and never sold. Once it is approved, its part, its countries and "
        "the ground of a transfer cannot change; another name, or an agreement that lasts longer, takes two officers."
    )
    empty_text = "No recipients: nothing is shared with anyone."
    acts = (ASSESS_TRANSFER, AUDIT_PROVIDER)

    def panels(self, request: HttpRequest, row: Recipient) -> list[dict[str, object]]:
        gates = show_recipient_gates(row, request)
        return [*super().panels(request, row), *([gates] if gates else [])]


@admin.register(RecipientApproval, site=site)
class RecipientApprovalAdmin(SafeguardedAdmin[RecipientApproval], PeriodAdmin[RecipientApproval]):
    add_capability = change_capability = Capability.MANAGE_AGREEMENTS
    row_fields = ("recipient", "purposes", "categories", "is_integral", "starts_at", "ends_at")
    fixed = ("recipient", "starts_at")
    detail_fields = ("state", "approved_at", "objection_until")
    list_display = ("recipient", "owner", "state", "objection_until", "starts_at", "ends_at")
    fixed_once_started = ("purposes", "categories", "is_integral")
    codes = {"purposes": Purpose, "categories": DataCategory}
    list_select_related = ("recipient",)
    intro = (
        "Periods in which a recipient is approved for purposes and data categories. A second officer approves each; "
        "then PakTaleem’s are announced to the clients whose data can reach them, and count at a client once its time "
        "to object is over and it does not object."
    )
    empty_text = "No recipient was ever approved: nothing is shared with anyone."
    acts = (
        end_act("End approval", "From now on no data is shared under this approval.", Capability.MANAGE_AGREEMENTS),
        cancel_act("Cancel approval", "No data will be shared under it.", Capability.MANAGE_AGREEMENTS),
    )
