"""Query plans of the statements of a page, explained in the same transaction, role and context."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg
from django.db import connection

from paktaleem.foundation.tenancy.context import current_client

READS = ("SELECT", "WITH")
ROWS_OF_A_BIG_TABLE = 4_000
WIDTH = 240


@dataclass(frozen=True, slots=True)
class Bounds:
    """Maximum number of rows that one step of a query may read, that it may sort, and of 8 kB blocks of the query.

    A scan inside an index does not show as rows, but as blocks. Without ``counts_entries`` this is so of the entries
    that a bitmap combines, too: some 300 are in a block. With ``for_each_count`` the blocks are those of each list
    that a query counts: the first page counts all of its lists in one query.
    """

    rows: int
    sorted: int
    blocks: int
    counts_entries: bool = True
    for_each_count: bool = False


OF_A_PAGE = Bounds(rows=11_000, sorted=3_000, blocks=3_000)
"""Bounds of the pages of all readers but limited staff: counts stop at 10,001."""


@dataclass(frozen=True)
class Planned:
    """A query with its actual plan for these values, and the generic plan of a prepared statement."""

    sql: str
    plan: dict[str, Any]
    general: dict[str, Any] | None

    def faults(self, big: set[str], bounds: Bounds = OF_A_PAGE) -> list[str]:
        found = [fault for node in nodes(self.plan) if (fault := _fault(node, big, bounds))]
        blocks = self.plan["Shared Hit Blocks"] + self.plan["Shared Read Blocks"]
        lists = max(1, self.sql.count("(SELECT count(*)")) if bounds.for_each_count else 1
        found += [f"{blocks:,} blocks read"] if blocks > lists * bounds.blocks else []
        if self.general is not None:
            walks = (node for node in nodes(self.general) if _is_walk(node, big))
            found += [f"general plan: Seq Scan on {node['Relation Name']}" for node in walks]
        return found

    def reads_only(self, tables: frozenset[str], big: set[str]) -> bool:
        read = {node["Relation Name"] for node in nodes(self.plan) if "Relation Name" in node} & big
        return bool(read) and read <= tables

    def told(self) -> str:
        general = [] if self.general is None else ["the general plan:", *_lines(self.general)]
        return "\n".join(line[:WIDTH] for line in (self.sql, *_lines(self.plan), *general))


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for inner in plan.get("Plans", []):
        yield from nodes(inner)


def _is_walk(node: dict[str, Any], big: set[str]) -> bool:
    return node["Node Type"] == "Seq Scan" and node["Relation Name"] in big


def _given(node: dict[str, Any]) -> float:
    return float(node["Actual Rows"]) * float(node["Actual Loops"])


def _touched(node: dict[str, Any]) -> float:
    removed = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
    return _given(node) + float(removed) * float(node["Actual Loops"])


def _fault(node: dict[str, Any], big: set[str], bounds: Bounds) -> str:
    kind = node["Node Type"]
    if _is_walk(node, big):
        return f"Seq Scan on {node['Relation Name']}"
    if kind == "Bitmap Index Scan" and not bounds.counts_entries:
        return ""
    if _touched(node) > bounds.rows:
        return f"{kind} touches {_touched(node):,.0f} rows"
    if "Sort" in kind and (rows := _given(node["Plans"][0])) > bounds.sorted:
        return f"{kind} of {rows:,.0f} rows"
    return ""


def _lines(plan: dict[str, Any], depth: int = 0) -> Iterator[str]:
    where = plan.get("Index Name") or plan.get("Relation Name") or ""
    seen = f", seen {plan['Actual Rows']} x {plan['Actual Loops']}" if "Actual Rows" in plan else ""
    conditions = "; ".join(str(plan[key]) for key in ("Index Cond", "Filter", "Sort Key") if key in plan)
    yield f"{'  ' * depth}{plan['Node Type']} {where} (rows {plan['Plan Rows']}{seen}) {conditions}"
    for inner in plan.get("Plans", []):
        yield from _lines(inner, depth + 1)


@dataclass
class Spy:
    """Counts statements, and explains those not yet known (if given)."""

    known: set[Any] | None
    """Statements already explained, with the same values and client."""
    count: int = 0
    seen: list[Planned] = field(default_factory=list)
    explaining: float = 0
    """Seconds that the explanations took."""

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:  # noqa: FBT001 -- Django's signature
        self.count += 1
        client = current_client()
        if sql.lstrip().startswith(READS) and "set_config" not in sql and self._is_new(client, sql, repr(params)):
            began = time.perf_counter()
            general = _general(sql) if self._is_new(client, sql) else None
            self.seen.append(Planned(sql, _explained(sql, params), general))
            self.explaining += time.perf_counter() - began
        return execute(sql, params, many, context)

    def _is_new(self, *statement: Any) -> bool:
        if self.known is None or statement in self.known:
            return False
        self.known.add(statement)
        return True


@contextmanager
def spied(known: set[Any] | None = None) -> Iterator[Spy]:
    """Record every statement of the request's connection; explain those not in ``known``, if it is given."""
    spy = Spy(known)
    with connection.execute_wrapper(spy):
        yield spy


def _explained(sql: str, params: Any) -> dict[str, Any]:
    with psycopg.ClientCursor(connection.connection) as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) {sql}", params)
        return _plan(cursor)


def _general(sql: str) -> dict[str, Any] | None:
    numbers = iter(range(1, sql.count("%s") + 1))
    text = re.sub(r"%s|%%", lambda found: f"${next(numbers)}" if found[0] == "%s" else "%", sql)
    if "$1" not in text:
        return None
    with psycopg.ClientCursor(connection.connection) as cursor:
        cursor.execute(f"EXPLAIN (GENERIC_PLAN, FORMAT JSON) {text}")
        return _plan(cursor)


def _plan(cursor: Any) -> dict[str, Any]:
    [[[found]]] = cursor.fetchall()
    plan: dict[str, Any] = found["Plan"]
    return plan
