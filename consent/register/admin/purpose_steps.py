"""Steps of adding a purpose with its lawful basis, and what adding it does."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django import forms
from django.contrib.admin.widgets import AdminTextareaWidget
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from consent.register.admin.safeguards import SafeguardForm
from consent.register.models.purposes import ROLES, BalancingTest, Basis, LawfulBasis, Purpose
from consent.register.services.register import change_register, check_citation
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.console.forms import add_service_error
from paktaleem.foundation.console.steps import Step
from paktaleem.foundation.tenancy.ids import PAKTALEEM
from paktaleem.foundation.word_lists import join_words

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
            "later makes everyone who consented be asked again."
        ),
        ("categories", "needs_account", "is_active", "dpv_term"),
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


def _assessment_field(label: Any, help_text: Any = "") -> forms.CharField:
    return forms.CharField(label=label, help_text=help_text, required=False, widget=AdminTextareaWidget)


class PurposeForm(SafeguardForm):
    """A purpose, with the lawful basis of a new one and, for legitimate interest, its assessment."""

    basis = forms.ChoiceField(
        label=gettext_lazy("Lawful basis"),
        required=False,
        choices=[("", gettext_lazy("None yet")), *Basis.choices],
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

    def clean(self) -> dict[str, Any]:
        """Require roles for a basis, the law for a legal obligation, and an assessment for legitimate interest."""
        cleaned = super().clean()
        basis = cleaned.get("basis", "")
        if basis and "basis_roles" in cleaned and not cleaned["basis_roles"]:
            self.add_error("basis_roles", _("Choose the roles for which the basis applies."))
        if basis == Basis.LEGAL_OBLIGATION:
            self._clean_law(cleaned)
        self._clean_assessment(basis, cleaned)
        self.instance.first_bases = [(role, basis) for role in cleaned.get("basis_roles") or []] if basis else []
        self.instance.first_reference = cleaned.get("legal_reference", "")
        return cleaned

    def _clean_law(self, cleaned: dict[str, Any]) -> None:
        """Require the law that a legal obligation cites; one that is listed if the purpose is a client's."""
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

    def _clean_assessment(self, basis: str, cleaned: dict[str, Any]) -> None:
        """Require all parts of the assessment for legitimate interest, and none for another basis."""
        given = {name: cleaned.get(name) or "" for name in ASSESSMENT_FIELDS}
        if basis == Basis.LEGITIMATE_INTEREST:
            for name in _PARTS:
                if name in self.fields and not given[name]:
                    self.add_error(name, _("Legitimate interest needs this part of the assessment."))
        elif any(given.values()) and "basis" in self.fields:
            written = next(name for name in ASSESSMENT_FIELDS if given[name])
            self.add_error(written, _("The assessment is for legitimate interest only. Leave it empty."))
        self.instance.first_assessment = given


def build_bases(purpose: Any, *, actor: Actor, reason: str, at: datetime) -> Iterator[LawfulBasis]:
    """Yield the lawful bases that were chosen with a new purpose, from now on; add its balancing test, unsigned.

    Raises ValidationError, NotAllowed.
    """
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
    """Return who sees a new purpose, who is asked again, and what is decided about it."""
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
