"""Opening a roster of any kind: which one it is, its content tells, never its name."""

import io
import struct
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from paktaleem.directory.people.phones import normal_number
from paktaleem.directory.rosters.importing.service import RosterSource
from paktaleem.directory.rosters.oneroster import open_roster
from paktaleem.directory.rosters.oneroster.problems import PACKAGE, refusal
from paktaleem.directory.rosters.spreadsheet import open_csv, open_xlsx
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.encryption.sealing import blind_index

__all__ = ["open_source"]

_ZIP, _OLD_OFFICE = b"PK", b"\xd0\xcf\x11\xe0"
_OFFICE_PART = "[Content_Types].xml"


@contextmanager
def open_source(file: IO[bytes], *, client: Client) -> Iterator[RosterSource]:
    """Open a OneRoster package, a workbook or a CSV text of one client, and check all of it.

    Raises RosterInvalid with every problem found.
    """
    file.seek(0)
    mark = file.read(4)
    file.seek(0)
    if mark.startswith(_OLD_OFFICE):
        message = "an old or password-protected Excel file; save it as an ordinary workbook (.xlsx)"
        raise refusal(PACKAGE, "format_unknown", message)
    if not mark.startswith(_ZIP):
        yield open_csv(file.read(), name_guardian=lambda *told: _guardian_id(client, *told))
    elif _is_workbook(file):
        yield open_xlsx(file, name_guardian=lambda *told: _guardian_id(client, *told))
    else:
        with open_roster(file) as roster:
            yield roster


def _guardian_id(client: Client, name: str, told_apart_by: str) -> str:
    """Give a guardian an id by the client's secret: nobody without it can tell whose it is by trying names."""
    apart = normal_number(told_apart_by, region=client.country)  # siblings' rows may write one number in two ways
    digest = blind_index(client.pk, "guardian", f"{name}\n{apart}") or b""
    return f"guardian-{digest.hex()[:32]}"


def _is_workbook(file: IO[bytes]) -> bool:
    try:
        return _OFFICE_PART in zipfile.ZipFile(io.BytesIO(file.read())).namelist()
    except (zipfile.BadZipFile, struct.error, ValueError, LookupError, OSError, EOFError, NotImplementedError):
        return False
    finally:
        file.seek(0)
