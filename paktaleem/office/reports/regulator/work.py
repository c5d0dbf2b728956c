"""How far a pack for a regulator is, for its page and the list of work in progress."""

from datetime import datetime

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.long_acts import LongAct, Progress
from paktaleem.office.reports.regulator.models import PackState, RegulatorPack
from paktaleem.office.reports.regulator.sections import SECTIONS
from paktaleem.office.reports.regulator.services import GATHER


def measure_pack(row: RegulatorPack) -> Progress:
    """Return how many sections are gathered."""
    failed = str(_("a section could not be gathered")) if row.state == PackState.FAILED else ""
    return Progress(row.done, len(SECTIONS), row.requested_at, row.ready_at, failed, row.requester_id)


def _list_rows(since: datetime) -> QuerySet[RegulatorPack]:
    rows = RegulatorPack.objects.filter(Q(state=PackState.GATHERING) | Q(requested_at__gte=since))
    return rows.defer("parts").order_by("-requested_at", "-pk")


PACKS = LongAct(
    "reports.regulatorpack",
    _("Pack for a regulator"),
    frozenset({GATHER}),
    Capability.BUILD_REGULATOR_PACKS,
    _list_rows,
    measure_pack,
)
