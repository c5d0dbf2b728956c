"""Random samples for audits that can be drawn again: the same seed and period give the same rows."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import models
from django.db.models import CharField, Func, OuterRef, Subquery, TextField, Value
from django.db.models.functions import Cast, Concat
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from consent.consents.models import ConsentEvent
from consent.decisions.models import MOST_DAYS, LoggedDecision
from consent.sharing.models import Disclosure
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from retention.holdings.models import Collection
from rights.requests.models import RightsRequest

MOST = 500
"""Largest size of a sample."""
SEED = re.compile(r"\A[A-Za-z0-9-]{4,32}\Z")
"""The form of a seed; it is recorded, so it is no free text."""


class PopulationKind(models.TextChoices):
    DECISIONS = "decisions", _("Decisions that systems asked for")
    COLLECTIONS = "collections", _("Decisions about collections")
    DISCLOSURES = "disclosures", _("Decisions about disclosures")
    CONSENTS = "consents", _("Answers about consent")
    CASES = "cases", _("Rights requests")


@dataclass(frozen=True, slots=True)
class Population:
    """The rows of a population, the time that places them in a period, and fields that identify no one (headings)."""

    model: type[models.Model]
    moment: str
    columns: Mapping[str, Promise]

    @property
    def shown(self) -> Mapping[str, Promise]:
        """The columns of a sample: row, client, time and those of the population."""
        return {"row_id": _("Row"), "client_code": _("Client"), self.moment: _("Time"), **self.columns}


_DECIDED = {"reason": _("Decision"), "purpose": _("Purpose")}
POPULATIONS: dict[PopulationKind, Population] = {
    PopulationKind.DECISIONS: Population(LoggedDecision, "at", {**_DECIDED, "action": _("Action")}),
    PopulationKind.COLLECTIONS: Population(
        Collection,
        "reported_at",
        {**_DECIDED, "category": _("Data category"), "occasion": _("Occasion"), "system__code": _("System")},
    ),
    PopulationKind.DISCLOSURES: Population(
        Disclosure, "reported_at", {**_DECIDED, "recipient__code": _("Recipient"), "system__code": _("System")}
    ),
    PopulationKind.CONSENTS: Population(
        ConsentEvent,
        "recorded_at",
        {
            "state": _("Answer"),
            "purpose__code": _("Purpose"),
            "given_by": _("Given by"),
            "method": _("Method"),
            "notice_version__number": _("Version of the notice"),
            "shown_hash": _("Hash of the text shown"),
        },
    ),
    PopulationKind.CASES: Population(
        RightsRequest,
        "received_at",
        {
            "number": _("Number"),
            "channel": _("Channel"),
            "state": _("State"),
            "due_at": _("Due"),
            "answered_at": _("Answered"),
        },
    ),
}


@dataclass(frozen=True, slots=True)
class Sample:
    """Rows drawn from a population, in the order of the draw, with the number of rows they were drawn from."""

    kind: PopulationKind
    seed: str
    population: int
    since: datetime
    until: datetime
    rows: list[tuple[Any, ...]]


def draw_sample(
    kind: PopulationKind,
    client_id: UUID | None,
    *,
    since: datetime,
    until: datetime,
    size: int,
    seed: str,
    form: str,
    actor: Actor,
    reason: Reason | str,
    at: datetime,
) -> Sample:
    """Draw and record a sample of a client's rows (None: of all but sandboxes) from ``since`` to before ``until``.

    Rows are sorted by the MD5 of the seed and their id, as a shuffle: no one chooses them, and anyone can draw them
    again. ``form`` is how it is shown: page or csv. Raises NotAllowed, ValueError for a size or seed out of bounds, or
    a period of which single decisions are deleted already.
    """
    require(actor, Capability.EXPORT_ROWS, client_id)
    if not 1 <= size <= MOST or not SEED.match(seed):
        raise ValueError("The size or the seed is out of bounds.")
    if kind is PopulationKind.DECISIONS and since < at - timedelta(days=MOST_DAYS + 1):
        raise ValueError("Single decisions of these days are deleted.")
    population = POPULATIONS[kind]
    found = population.model._default_manager.order_by()
    if kind is PopulationKind.CASES:
        found = found.exclude(state__in=["duplicate", "handed_over"])
    found = found.filter(**{f"{population.moment}__gte": since, f"{population.moment}__lt": until})
    found = found.filter(client__is_sandbox=False) if client_id is None else found.filter(client_id=client_id)
    code = Subquery(Client.objects.filter(pk=OuterRef("client_id")).values("code")[:1])
    named = found.annotate(client_code=code, row_id=Cast("pk", TextField()))
    place = Func(Concat(Value(seed), "row_id", output_field=CharField()), function="md5", output_field=CharField())
    drawn = named.annotate(place=place).order_by("place").values_list(*population.shown)[:size]
    sample = Sample(kind, seed, found.count(), since, until, list(drawn))
    facts = {
        "population": str(kind),
        "since": since.isoformat(),
        "until": until.isoformat(),
        "rows": sample.population,
        "size": len(sample.rows),
        "seed": seed,
        "format": form,
        "reason": Reason(reason).value,
    }
    owner = client_id or actor.client_id or PAKTALEEM
    with in_client(owner):
        record_entry("sample.drawn", client_id=owner, facts=facts, actor=actor, at=at)
    return sample
