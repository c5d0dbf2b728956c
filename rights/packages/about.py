"""Information about the processing beside the data (GDPR Art. 15(1) and (2)), in the current language."""

from datetime import datetime

from django.conf import settings
from django.utils.translation import get_language, gettext as _

from consent.notices.selectors.registers import current_register, find_purposes, list_category_names
from consent.register.compiled import Basis, Capacity, describe_purpose
from consent.register.models.agreements import Recipient
from consent.register.models.assessments import Assessment, AssessmentKind
from consent.register.models.purposes import BASES, Automated
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.upkeep.periods.services import get_length
from retention.schedule.labels import describe_action, describe_period, describe_trigger
from retention.schedule.selectors import ScheduleLine, list_schedule
from rights.packages.models import Package

_PORTABLE = frozenset({Basis.CONSENT, Basis.CONTRACT})
"""Lawful bases of the processing to which portability applies (GDPR Art. 20(1)(a))."""


def list_portable_categories(package: Package, *, at: datetime) -> frozenset[str]:
    """Return the categories of data that are processed on consent or contract, for one of the person's roles."""
    register, roles = current_register(package.client_id), package.subject.roles
    used = (
        purpose.categories
        for code, purpose in register.purposes.items()
        if purpose.active and any(rule.basis in _PORTABLE for rule in register.bases_for(code, roles, at))
    )
    return frozenset().union(*used)


def describe_processing(package: Package, *, at: datetime) -> dict[str, object]:
    """Return what the person learns about the processing, as plain values in the current language."""
    client = Client.objects.get(pk=package.client_id)
    ours = _("Processor; controller for its own purposes")
    authority = client.find_authority(at, package.subject.country)
    no_authority = _("The data protection authority or court that is responsible where you live")
    return {
        "controllers": [
            {"name": client.name, "address": client.address, "part": _("Controller for your education")},
            {"name": "PakTaleem", "address": settings.PAKTALEEM_ADDRESS, "part": ours},
        ],
        "purposes": _list_purposes(package, client, at),
        "recipients": _list_recipients(package, at),
        "retention": _list_retention(package, at),
        "automated_decisions": _list_automated_decisions(package, at),
        "sources": [
            _("Your institution: the roster and the learning platform, which register you and your details."),
            _("You yourself, or a guardian for you: answers, forms on paper, requests."),
            _("The systems that you use: what they report as collected is listed under “Data collected about you”."),
        ],
        "rights": [
            _("You may have your data corrected or erased, its use restricted, and object to it."),
            _("You may withdraw a consent at any time; what was done before stays lawful."),
            _("You may receive what you provided as files for another service."),
            _("You may complain to the supervisory authority."),
        ],
        "authority": {"name": authority.name, "url": authority.url} if authority else {"name": no_authority, "url": ""},
    }


def _list_purposes(package: Package, client: Client, at: datetime) -> list[dict[str, object]]:
    register, roles, language = current_register(client.pk), package.subject.roles, get_language() or "en"
    bases = {code: register.leading_basis(code, roles, at) for code, rule in register.purposes.items() if rule.active}
    controllers = {Capacity.JOINT: f"{client.name}, PakTaleem", Capacity.CONTROLLER: "PakTaleem"}
    based = {code: rule for code, rule in bases.items() if rule is not None}
    rows = [(row, based[code]) for code, row in sorted(find_purposes(client.pk, sorted(based)).items())]
    return [
        {
            "code": row.code,
            "name": describe_purpose(row, language).name,
            "description": describe_purpose(row, language).description,
            "lawful_basis": str(BASES[Basis(rule.basis)]),
            "controller": controllers.get(Capacity(rule.capacity), client.name),
            "categories": list_category_names(client.pk, row.categories, language=language),
        }
        for row, rule in rows
    ]


def _list_recipients(package: Package, at: datetime) -> list[dict[str, object]]:
    register = current_register(package.client_id)
    approved = [rule.id for rule in register.recipients.values() if any(one.is_in_force(at) for one in rule.approvals)]
    rows = Recipient.objects.filter(pk__in=approved).order_by("name")
    return [{"name": row.name, "service": row.service_here, "countries": row.countries} for row in rows]


def _list_retention(package: Package, at: datetime) -> list[str]:
    schedule = list_schedule(package.client_id, at=at, language=get_language() or "en")
    return [
        _(
            "Your data in this portal is kept while your institution uses the platform and you belong to it. Once you "
            "are erased, nothing of it can be read any more."
        ),
        _("The texts of your rights requests are deleted {days} days after a request is closed.").format(
            days=get_length("request_texts")
        ),
        _("This copy is deleted from the portal {days} days after the answer.").format(days=get_length("packages")),
        _("Holds can keep data longer, such as while a court or an authority needs it."),
        *(_describe_line(line) for line in schedule if not line.roles or {*line.roles} & {*package.subject.roles}),
    ]


def _describe_line(line: ScheduleLine) -> str:
    purpose = line.purpose.name_ur if get_language() == "ur" else line.purpose.name_en
    values = {"category": line.category_name, "purpose": purpose}
    if line.rule is None:
        return _("{category}, for “{purpose}”: no period is set yet.").format(**values)
    text = _("{category}, for “{purpose}”: {period} after “{trigger}”; then: {action}.")
    words = {"trigger": describe_trigger(line.rule), "action": describe_action(line.rule)}
    return text.format(**values, **words, period=describe_period(line.rule.period))


def _list_automated_decisions(package: Package, at: datetime) -> list[str]:
    """List what GDPR Art. 15(1)(h) asks: automated decisions and profiling for the purposes that concern the person."""
    register, roles = current_register(package.client_id), package.subject.roles
    gates = ((code, gate) for code, rule in register.purposes.items() if rule.active for gate in rule.gates)
    found = [
        gate.find(at)
        for code, gate in gates
        if gate.kind == AssessmentKind.AUTOMATED and register.bases_for(code, roles, at)
    ]
    described = Assessment.objects.filter(pk__in=filter(None, found)).select_related("purpose")
    return [
        *(_describe_automated(row) for row in described.order_by("purpose__code")),
        _(
            "This portal makes no decision about you that has legal or similarly significant effects without a person "
            "(GDPR Art. 22), and builds no profile of you."
        ),
        _(
            "It answers by fixed rules whether a system may use your data for a purpose: from the law, your consents "
            "and objections. The result for each purpose is shown to you on request."
        ),
        _("Ask your institution whether one of its other systems decides about you automatically."),
    ]


def _describe_automated(row: Assessment) -> str:
    language = "ur" if get_language() == "ur" else "en"
    answers = {name.removesuffix(f"_{language}"): answer for name, answer in row.answers.items()}
    text = _(
        "“{purpose}”: {kind}. How it works: {logic} What follows from it: {consequences} Review by a person: "
        "{human_review} Children: {children}"
    )
    kind = ", ".join(str(Automated(code).label) for code in row.covers)
    return text.format(purpose=row.subject, kind=kind, **answers)
