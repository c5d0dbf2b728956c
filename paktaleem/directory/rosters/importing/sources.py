"""Open a roster of any format; the format is detected from the content, not the file name."""

import io
import struct
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

from paktaleem.directory.oneroster.problems import PACKAGE, refusal
from paktaleem.directory.oneroster.roster import open_roster
from paktaleem.directory.rosters.importing.service import RosterSource
from paktaleem.directory.rosters.importing.tables import known_roles
from paktaleem.directory.rosters.spreadsheet.sheet import open_csv, open_xlsx
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.encryption.sealing import blind_index
from paktaleem.foundation.phones import normal_number

_ZIP, _OLD_OFFICE = b"PK", b"\xd0\xcf\x11\xe0"
_OFFICE_PART = "[Content_Types].xml"


@contextmanager
def open_source(file: IO[bytes], *, client: Client) -> Iterator[RosterSource]:
    """Open and check a client's OneRoster package, workbook or CSV file.

    Raises RosterInvalid with every problem found.
    """
    file.seek(0)
    mark = file.read(4)
    file.seek(0)
    if mark.startswith(_OLD_OFFICE):
        message = "an old or password-protected Excel file; save it as an ordinary workbook (.xlsx)"
        raise refusal(PACKAGE, "format_unknown", message)
    if not mark.startswith(_ZIP):
        yield open_csv(file.read(), **_people_of(client))
    elif _is_workbook(file):
        yield open_xlsx(file, **_people_of(client))
    else:
        with open_roster(file) as roster:
            yield roster


def _people_of(client: Client) -> dict[str, Any]:
    """Return how a spreadsheet names guardians, and finds registered people by id."""
    return {
        "name_guardian": lambda *guardian: _guardian_id(client, *guardian),
        "find_people": lambda ids: known_roles(client.pk, sorted(ids)),
    }


def _guardian_id(client: Client, name: str, contact: str) -> str:
    """Return a guardian's id, hashed with the client's index key so that it cannot be guessed from names."""
    apart = normal_number(contact, region=client.country)  # siblings' rows may format the number differently
    digest = blind_index(client.pk, "guardian", f"{name}\n{apart}") or b""
    return f"guardian-{digest.hex()[:32]}"


def _is_workbook(file: IO[bytes]) -> bool:
    try:
        return _OFFICE_PART in zipfile.ZipFile(io.BytesIO(file.read())).namelist()
    except (zipfile.BadZipFile, struct.error, ValueError, LookupError, OSError, EOFError, NotImplementedError):
        return False
    finally:
        file.seek(0)
