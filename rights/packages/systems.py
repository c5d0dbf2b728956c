"""Answers of the systems for a package, and their files for the archive."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from paktaleem.directory.data_systems.labels import EXEMPTION_LABELS
from paktaleem.directory.data_systems.models import Order, OrderPart, Waiver
from paktaleem.directory.data_systems.selectors import list_parts
from paktaleem.directory.data_systems.states import State
from paktaleem.directory.files.models import FileKind
from rights.packages.contents import Contents, safe_name
from rights.packages.models import Package
from rights.packages.selectors import list_orders

ENDINGS = {FileKind.PDF: "pdf", FileKind.JPEG: "jpg", FileKind.PNG: "png", FileKind.JSON: "json"}
"""Endings of the names of files, by their kind."""


@dataclass(frozen=True, slots=True)
class SystemFile:
    """One file that a system gave, and its path in the archive."""

    part: OrderPart
    path: str


@dataclass(frozen=True, slots=True)
class SystemAnswer:
    """One system's answer to the order of a package, with the reason if it gave nothing, and its files."""

    order: Order
    reason: Any
    is_left_out: bool
    files: tuple[SystemFile, ...]

    def describe(self) -> dict[str, Any]:
        return {
            "system": self.order.system.name,
            "code": self.order.system.code,
            "answer": str(_("Left out: not granted") if self.is_left_out else self.order.get_state_display()),
            "reason": "" if self.is_left_out else str(self.reason),
            "files": [
                {"path": one.path, "category": one.part.category, "bytes": one.part.file.size} for one in self.files
            ],
        }


def list_system_answers(package: Package, contents: Contents, *, portable: frozenset[str]) -> list[SystemAnswer]:
    """List the systems' answers, by system; ``portable`` are the categories that belong to portability.

    A package for portability only has the files of those categories.
    """
    return [_to_answer(order, folder, contents, portable) for folder, order in enumerate(list_orders(package), start=1)]


def _to_answer(order: Order, folder: int, contents: Contents, portable: frozenset[str]) -> SystemAnswer:
    is_left_out = not contents.has_system(order.system.code)
    has_files = not is_left_out and order.copies_purged_at is None
    parts = list_parts(order) if has_files else []
    wanted = [part for part in parts if contents.is_access or part.category in portable]
    files = _to_files(wanted, f"systems/{folder:02}-{safe_name(order.system.code)}")
    return SystemAnswer(order, _find_reason(order), is_left_out, tuple(files))


def _to_files(parts: list[OrderPart], folder: str) -> Iterator[SystemFile]:
    for number, part in enumerate(parts, start=1):
        ending = ENDINGS[FileKind(part.file.kind)]
        yield SystemFile(part, f"{folder}/{number:03}-{safe_name(part.category)}.{ending}")


def _find_reason(order: Order) -> Any:
    if order.state == State.NOT_APPLICABLE:
        code = str((order.result or {}).get("reason", ""))
        return EXEMPTION_LABELS.get(code, code)
    if order.state == State.WAIVED:
        waiver = Waiver.objects.filter(client_id=order.client_id, order=order).first()
        return waiver.get_reason_display() if waiver is not None else ""
    return ""
