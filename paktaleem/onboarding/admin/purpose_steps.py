"""The steps after a purpose is added, on its page: what is still missing before a decision can permit it."""

from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from consent.notices.selectors.notices import NoticeUnknown
from consent.notices.selectors.purposes import get_current_notice
from consent.register.admin.purposes import purpose_panels
from consent.register.models.agreements import Instruction
from consent.register.models.purposes import LawfulBasis, Purpose
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.requests import get_action_time, is_shared_with, may
from paktaleem.foundation.console.site import site
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.ids import PAKTALEEM
from retention.schedule.models.rules import RetentionRule


class PurposeStep(NamedTuple):
    """One step: its name, what it is for, whether it is done, and the form in which it is done."""

    name: Promise
    why: Promise
    is_done: bool
    page: str
    values: dict[str, str]


def _list_steps(row: Purpose, at: datetime) -> list[PurposeStep]:
    """Return the steps of a purpose in their order, in the context of its client. Runs four queries."""
    own = {"client_id": row.client_id}
    bases = LawfulBasis.objects.active(at).filter(purpose=row)
    rules = RetentionRule.objects.active(at).filter(purpose=row, client_id__in={row.client_id, PAKTALEEM})
    covered = set(rules.values_list("category", flat=True))
    about = {"client": str(row.client_id), "purpose": str(row.pk)}
    steps = [
        PurposeStep(
            _("Lawful basis"),
            _("For each role. Without one, every decision about the purpose is a denial."),
            bases.exists(),
            "consent_lawfulbasis_add",
            about,
        ),
        PurposeStep(
            _("Notice in English and Urdu"),
            _("What people read before they answer. Without one in effect, consent cannot be given."),
            _has_notice(row, at),
            "consent_notice_add",
            {"client": str(row.client_id)},
        ),
        PurposeStep(
            _("Retention rule for each data category"),
            _("How long the data is kept. Without one, it is kept without end."),
            covered >= set(row.categories),
            "schedule_retentionrule_add",
            about,
        ),
    ]
    if row.client_id != PAKTALEEM:
        instructed = Instruction.objects.active(at).filter(**own, purposes__contains=[row.code])
        instruction = PurposeStep(
            _("Instruction of the client"),
            _("PakTaleem does only what the client instructs. Not needed where PakTaleem is controller."),
            instructed.exists(),
            "consent_instruction_add",
            {"client": str(row.client_id)},
        )
        steps.insert(1, instruction)
    return steps


def _has_notice(row: Purpose, at: datetime) -> bool:
    try:
        get_current_notice(row.code, client_id=row.client_id, at=at)
    except NoticeUnknown:
        return False
    return True


@purpose_panels.connect
def purpose_steps_panel(request: HttpRequest, row: Purpose) -> dict[str, Any] | None:
    """Show the steps while one is missing, each with its form, to those who may take it.

    None for a shared purpose on a client's page: its steps are PakTaleem's.
    """
    if is_shared_with(request, row.client_id):
        return None
    with in_client(row.client_id):
        steps = _list_steps(row, get_action_time(request))
    if not row.is_active or all(step.is_done for step in steps):
        return None
    links = may(request, Capability.MANAGE_REGISTER, None if row.client_id == PAKTALEEM else row.client_id)
    lines = [{"step": step, "url": _url(step) if links and not step.is_done else ""} for step in steps]
    return {"template": "console/panels/purpose_steps.html", "lines": lines}


def _url(step: PurposeStep) -> str:
    return f"{reverse(f'admin:{step.page}', current_app=site.name)}?{urlencode(step.values)}"
