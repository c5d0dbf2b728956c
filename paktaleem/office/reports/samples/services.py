"""Drawing of a random sample that can be drawn again: the same seed and period give the same rows."""

import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import CharField, Func, Value
from django.db.models.functions import Concat

from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from paktaleem.office.reports.samples.populations import POPULATIONS, PopulationKind

MOST = 500
"""Largest size of a sample."""
SEED = re.compile(r"\A[A-Za-z0-9-]{4,32}\Z")
"""The form of a seed; it is recorded, so it is no free text."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Rows drawn from a population, in the order of the draw, with the number of rows they were drawn from."""

    kind: PopulationKind
    seed: str
    population: int
    since: datetime
    until: datetime
    rows: list[tuple[Any, ...]]


def make_seed() -> str:
    """Return a new random seed."""
    return secrets.token_hex(8)


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
    """Draw a sample of a client's rows from ``since`` to before ``until``, and record it.

    None is all clients but sandboxes.
    Rows are sorted by the MD5 of the seed and their id, as a shuffle: no one chooses them, and anyone can draw
    them again. ``form`` is how it is shown: page or csv. Two queries and the entry of the ledger.

    Raises NotAllowed, ValueError for a size or seed out of bounds.
    """
    require(actor, Capability.EXPORT_ROWS, client_id)
    if not 1 <= size <= MOST or not SEED.match(seed):
        raise ValueError("The size or the seed is out of bounds.")
    population = POPULATIONS[kind]
    period = {f"{population.moment}__gte": since, f"{population.moment}__lt": until}
    found = population.rows().filter(**period)
    found = found.filter(client__is_sandbox=False) if client_id is None else found.filter(client_id=client_id)
    place = Func(Concat(Value(seed), "row_id", output_field=CharField()), function="md5", output_field=CharField())
    drawn = found.annotate(place=place).order_by("place").values_list(*population.columns.values())[:size]
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
