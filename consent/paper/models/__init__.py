"""Consent forms, uploaded answer sheets, and their rows in the matching queue."""

from consent.paper.models.forms import Addressee, FormPage, FormPurpose, FormRun
from consent.paper.models.sheets import (
    CLOSED_UNRECORDED,
    OPEN_STATES,
    SHEET_KEYS,
    AnswerSheet,
    EntryProblem,
    EntryState,
    EntryStep,
    SheetEntry,
    Step,
)

__all__ = [
    "CLOSED_UNRECORDED",
    "OPEN_STATES",
    "SHEET_KEYS",
    "Addressee",
    "AnswerSheet",
    "EntryProblem",
    "EntryState",
    "EntryStep",
    "FormPage",
    "FormPurpose",
    "FormRun",
    "SheetEntry",
    "Step",
]
