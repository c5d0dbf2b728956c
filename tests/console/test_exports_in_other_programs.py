"""Exports as XLSX are read by other programs: by openpyxl, and by LibreOffice Calc if it is installed."""

import csv
import shutil
import subprocess
from collections.abc import Callable, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.utils.escape import unescape

from paktaleem.foundation.console.exporting import ROWS_AT_ONCE
from tests.cast import Cast
from tests.console.test_exports import PEOPLE, export, plant
from tests.signing_in import SignIn

OFFICE = shutil.which("soffice")
UNUSUAL = ["=1+1", '<b>&amp;"quoted"', "طالب علم", "_x0041_", " lms two  spaces "]
type Read = Callable[[bytes, Path], list[Sequence[Any]]]


def read_by_openpyxl(content: bytes, folder: Path) -> list[Sequence[Any]]:
    """Return the rows of the only sheet. Unlike Excel, openpyxl leaves escaped characters to its caller."""
    [sheet] = openpyxl.load_workbook(BytesIO(content), read_only=True).worksheets
    return [[unescape(str(one)) for one in row] for row in sheet.iter_rows(values_only=True)]


def read_by_libreoffice(content: bytes, folder: Path) -> list[Sequence[Any]]:
    """Return the rows that LibreOffice writes as CSV: separated by commas (44), quoted (34), in UTF-8 (76)."""
    (folder / "list.xlsx").write_bytes(content)
    profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
    options = [profile, "--convert-to", "csv:Text - txt - csv (StarCalc):44,34,76,1", "--outdir", str(folder)]
    subprocess.run([str(OFFICE), "--headless", *options, str(folder / "list.xlsx")], check=True, capture_output=True)
    return list(csv.reader((folder / "list.csv").read_text(encoding="utf-8").splitlines()))


READERS = [
    pytest.param(read_by_openpyxl, id="openpyxl"),
    pytest.param(
        read_by_libreoffice,
        id="libreoffice",
        marks=pytest.mark.skipif(OFFICE is None, reason="LibreOffice is not installed"),
    ),
]


@pytest.mark.parametrize("read", READERS)
def test_an_export_of_several_pages_opens(read: Read, sign_in: SignIn, cast: Cast, tmp_path: Path) -> None:
    many = [f"lms-many-{number:05}" for number in range(ROWS_AT_ONCE)]
    plant(cast, [*UNUSUAL, *many])
    browser = sign_in("farah")
    content = browser.post(PEOPLE, {"format": "xlsx", "reason": "review"}).getvalue()
    people = people_in(read(content, tmp_path))
    assert people == people_in(export(browser, PEOPLE, "csv"))
    assert people >= {"'=1+1", *UNUSUAL[1:], *many}


def people_in(rows: Sequence[Sequence[Any]]) -> set[str]:
    """Return the LMS ids of a list of people; fail if one is listed twice."""
    column = list(rows[0]).index("person")
    people = [str(row[column]) for row in rows[1:]]
    assert len(set(people)) == len(people)
    return set(people)
