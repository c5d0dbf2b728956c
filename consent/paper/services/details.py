"""The sealed texts of rows, and the keys of sheets."""

import json
from typing import Any

from consent.paper.models.sheets import CLOSED_UNRECORDED, AnswerSheet, SheetEntry
from paktaleem.directory.people.selectors import sealer_of
from paktaleem.foundation.encryption.sealing import CannotOpen, Sealed, Sealer

DETAILS = "paper_sheetentry.details"


def unseal_details(entry: SheetEntry) -> dict[str, Any]:
    """Return the sealed texts of a row: ``note``, ``code`` as typed if unmatched, ``guardian`` as named on the form.

    Empty if there is none or the key is destroyed.
    """
    if entry.details is None:
        return {}
    try:
        sealer = sealer_of_sheet(entry.sheet) if entry.subject is None else sealer_of(entry.subject)
        found: dict[str, Any] = json.loads(sealer.open(entry.details, column=DETAILS))
    except CannotOpen:
        return {}
    return found


def seal_details(sealer: Sealer, **texts: str) -> Sealed | None:
    """Seal the texts of a row that are not empty, as ``unseal_details`` returns them; None if all are."""
    contents = {name: text for name, text in sorted(texts.items()) if text}
    return sealer.seal(json.dumps(contents), column=DETAILS) if contents else None


def sealer_of_sheet(sheet: AnswerSheet) -> Sealer:
    """Return the sealer of the sheet. Raises CannotOpen if its key is deleted."""
    if sheet.wrapped is None or sheet.epoch is None:
        raise CannotOpen("The sheet's key is deleted.")
    return Sealer.unwrapped(sheet.client_id, sheet.id, wrapped=bytes(sheet.wrapped), epoch=sheet.epoch)


def delete_sheet_key(sheet: AnswerSheet) -> None:
    """Delete the sheet's key if it has no open unmatched row."""
    waiting = SheetEntry.objects.filter(client_id=sheet.client_id, sheet=sheet, subject=None)
    if not waiting.exclude(state__in=CLOSED_UNRECORDED).exists():
        locked_sheet = AnswerSheet.objects.select_for_update().get(pk=sheet.pk)
        locked_sheet.wrapped, locked_sheet.epoch = None, None
        locked_sheet.save(update_fields=["wrapped", "epoch"])
