"""Long acts, which the worker carries out: one way to say how far they are, on the page of each and on one list.

An app declares each kind of act that can touch many rows as a ``LongAct``. The page of such a row then shows its
progress, and the page *Work in progress* lists it, so that a page that was left is found again.

A page that is opened as a step of the task has ``STEP`` in its address. After its form is saved, the
task is shown again.
"""

# Progress is read from the row that the worker advances anyway; a table of progress for every act would be a second
# truth.

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest, HttpResponseRedirect
from django.urls import reverse
from django.utils.functional import Promise

from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.first_rows import FirstRows, take_first
from paktaleem.foundation.operations.extensions import ExtensionPoint
from paktaleem.foundation.upkeep.runs.models import Run

LISTED_FOR = timedelta(days=1)
"""How long an act that has ended is listed."""
_RUNS_FOR = timedelta(days=7)
"""How long a run without an end is listed: its job may have failed for good."""
_MOST = 50
"""Rows of one kind of act that are listed."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a long act is: ``done`` of ``total`` units (None if the total is not known), and its times.

    ``failed`` says in words why it stopped; empty while it runs or if it ended well. ``started_by`` is a user's id,
    None for the portal itself.
    """

    done: int
    total: int | None
    started_at: datetime
    ended_at: datetime | None = None
    failed: str = ""
    started_by: UUID | None = None

    @property
    def is_running(self) -> bool:
        return self.ended_at is None and not self.failed

    @property
    def has_measure(self) -> bool:
        return bool(self.total)


@dataclass(frozen=True, slots=True)
class LongAct:
    """A kind of long act: the model of its rows (``app_label.model``), its name, its tasks, and who may see it.

    ``list_rows`` selects, in the reader's context, the rows that are under way or ended since a time; ``measure``
    returns how far a row is, None for a row that the worker has nothing to do with. ``find_url`` returns the address of
    the page that shows a row, if that is not its own.
    """

    model: str
    label: Promise
    tasks: frozenset[str]
    capability: Capability
    list_rows: Callable[[datetime], QuerySet[Any]]
    measure: Callable[[Any], Progress | None]
    find_url: Callable[[Any], str] | None = None

    def url_of(self, row: Any) -> str:
        if self.find_url is not None:
            return self.find_url(row)
        return reverse(f"admin:{self.model.replace('.', '_')}_change", args=[row.pk])


@dataclass(frozen=True, slots=True)
class Work:
    """One line of the list: the kind of act, its row and its page, and how far it is."""

    label: Promise
    row: Any
    url: str
    progress: Progress


long_acts: ExtensionPoint[LongAct] = ExtensionPoint(
    "console.long_acts", "Long acts of the worker, with their progress."
)


def list_work(actor: Actor, *, at: datetime) -> FirstRows[Work]:
    """List the long acts that the actor may see: running ones first, the oldest first, then the latest that ended.

    At most fifty of each kind. In the context of the request; one query for each kind of act, and one for each answer
    sheet or disposal that runs.
    """
    since = at - LISTED_FOR
    kinds = []
    for act in long_acts:
        if actor.may(act.capability):
            rows = take_first(act.list_rows(since), _MOST)
            measured = ((row, act.measure(row)) for row in rows)
            kinds.append(rows.with_rows(Work(act.label, row, act.url_of(row), one) for row, one in measured if one))
    found = [one for kind in kinds for one in kind]
    running = sorted((one for one in found if one.progress.is_running), key=lambda one: one.progress.started_at)
    others = [one for one in found if not one.progress.is_running]
    others.sort(key=lambda one: one.progress.ended_at or one.progress.started_at, reverse=True)
    cut = [kind for kind in kinds if kind.note] or [FirstRows[Work]()]
    return cut[0].with_rows([*running, *others])


def add_progress(row: Model, panels: list[dict[str, object]]) -> list[dict[str, object]]:
    """Return the panels of a row's page, with the progress of its long act, if it has one, before the others."""
    acts = [act for act in long_acts if act.model == row._meta.label_lower]
    progress = acts[0].measure(row) if acts else None
    if progress is None:
        return panels
    panel = {"template": "console/panels/progress.html", "progress": progress, "refresh": progress.is_running}
    return [panel, *panels]


def make_run_act(task: str, label: Promise, capability: Capability, find_url: Callable[[Any], str]) -> LongAct:
    """Return the long act of a task whose progress is a ``Run``; ``find_url`` leads to what it changes."""

    def list_rows(since: datetime) -> QuerySet[Run]:
        rows = Run.objects.filter(
            Q(ended_at=None) | Q(ended_at__gte=since), kind=task, started_at__gte=since - _RUNS_FOR
        )
        return rows.order_by("-started_at", "-pk")

    def measure(run: Run) -> Progress:
        return Progress(run.done, run.total, run.started_at, run.ended_at, started_by=run.started_by)

    return LongAct("upkeep.run", label, frozenset({task}), capability, list_rows, measure, find_url)


STEP = "task"
"""The parameter of an address that is opened as a step of the task under way."""
WAY_BACK = "way_back"
_CARRIED = (STEP, "reason")


def begin_task(request: HttpRequest, *, label: str, url: str) -> None:
    """Have the pages of this session link back to ``url``; ``label`` says what the task is about."""
    task = {"label": label, "url": url}
    if request.session.get(WAY_BACK) != task:  # otherwise nothing is written
        request.session[WAY_BACK] = task


def find_way_back(request: HttpRequest) -> dict[str, str] | None:
    """Return label and address of the task that is under way; None on its own page, or if there is none."""
    session = getattr(request, "session", None)
    found: dict[str, str] | None = None if session is None else session.get(WAY_BACK)
    return None if found is None or found["url"] == request.path else found


def find_step_of(request: HttpRequest) -> str | None:
    """Return the address of the task of which this page is a step; None if it was not opened as one."""
    found = find_way_back(request) if STEP in request.GET else None
    return None if found is None else found["url"]


def return_to_task(request: HttpRequest) -> HttpResponseRedirect | None:
    url = find_step_of(request)
    return None if url is None else HttpResponseRedirect(url)


def carry_step(request: HttpRequest, url: str) -> str:
    """Return the address of a further page of the same step, with the reason that the step suggests."""
    if STEP not in request.GET:
        return url
    return f"{url}?{urlencode({name: request.GET[name] for name in _CARRIED if name in request.GET})}"
