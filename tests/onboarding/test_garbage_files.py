"""Files that no one meant for load_client: each ends with lines on stderr and status 2, and stores nothing."""

import copy
import json
import os
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.db import transaction

from consent.agreements.models import ClientContact
from consent.notices.models import NoticeVersion
from consent.register.models.agreements import Instruction
from consent.register.models.purposes import LawfulBasis, Purpose
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.selectors import find_client_by_code
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.context import in_client
from retention.schedule.models import RetentionRule
from tests.cast import Cast
from tests.onboarding.test_files import NEW, exported, run

CASES = int(os.environ.get("CASES", "100"))
HOSTILE: list[Any] = [
    None,
    True,
    [],
    {},
    [[]],
    {"en": "x"},
    {"en": "x", "ur": ["y"]},
    -1,
    0,
    10**30,
    1.5,
    float("inf"),
    "",
    " ",
    "\n",
    "x\ny",
    "a\x00b",
    "\ud800",
    "\u202e",
    "\U0001f42b" * 70_000,
    "ravi\n",
    "\uff32avi",
    "../../etc/passwd",
    "Asia",
    "2026-02-30",
    "2026-02-30T00:00:00Z",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "\u06f2026-01-01",
    "P99999999999Y",
    "P\u0663D",
    "ZZ",
    "%s",
    "{x}",
]
BYTES = [
    b"\x00",
    b"\xff",
    b"\xef\xbb\xbf",
    b"\t",
    b":",
    b"- ",
    b"{",
    b"]",
    b"'",
    b'"',
    b"&a ",
    b"*a ",
    b"!!",
    b"? ",
    b"\r",
    b"%",
    b"|",
]


def list_places(value: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of every value in a document but the document itself."""
    for key, below in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield (*place, key)
        yield from list_places(below, (*place, key))


def change_value(document: dict[str, Any], dice: random.Random) -> dict[str, Any]:
    """Return a document with one to three changes: a hostile value, a name, something missing or there twice."""
    changed = copy.deepcopy(document)
    for _ in range(dice.choice([1, 1, 1, 2])):
        *above, last = dice.choice(list(list_places(changed)) or [("client",)])
        holder: Any = changed
        for key in above:
            holder = holder[key]
        act = dice.randrange(4)
        if act == 0 and last in holder if isinstance(holder, dict) else False:
            del holder[last]
        elif act == 1 and isinstance(holder, dict):
            holder[dice.choice(["x", "", "a\nb", 7, None, "\ud800"])] = holder.pop(last, None)
        elif act == 2 and isinstance(holder, list):
            holder.append(copy.deepcopy(holder[last]))
        else:
            same = [
                one
                for one in HOSTILE
                if type(one) is type(holder.get(last) if isinstance(holder, dict) else holder[last])
            ]
            holder[last] = copy.deepcopy(dice.choice(same if same and dice.random() < 0.8 else HOSTILE))
    return changed


def break_bytes(text: bytes, dice: random.Random) -> bytes:
    """Return a text that is cut off, or has bytes put in or taken out."""
    changed = bytearray(text)
    for _ in range(dice.randint(1, 3)):
        at = dice.randrange(len(changed) + 1)
        act = dice.randrange(4)
        if act == 0:
            changed = changed[:at] or changed
        elif act == 1:
            changed[at:at] = dice.choice(BYTES)
        elif act == 2:
            del changed[at : at + dice.randint(1, 9)]
        else:
            changed[at:at] = changed[at // 2 : at]
    return bytes(changed)


def write_garbage(folder: Path, document: dict[str, Any], dice: random.Random) -> Path:
    """Write a changed document as YAML or JSON, or broken."""
    is_json = dice.random() < 0.5
    file = folder / f"client.{'json' if is_json else 'yaml'}"
    changed = change_value(document, dice) if dice.random() < 0.7 else document
    text = json.dumps(changed) if is_json else yaml.safe_dump(changed, allow_unicode=False)
    written = text.encode("utf-8", "surrogatepass")
    file.write_bytes(break_bytes(written, dice) if changed is document else written)
    return file


WORDS = {
    "yaml": [
        b"",
        b"\x00",
        b"\xff\xfe{\x00}\x00",
        b"- client",
        b"client",
        b"client: !!int abc",
        b"client: !!timestamp x",
        b"client: !!bool maybe",
        b"client: !!map [a, b]",
        b"client: {[a]: b}",
        b"? {a: b}\n: c",
        b"client: {1: 2}",
        b"client: {code: ravi, age_threshold: 0b_}",
        b"client: {code: ravi, age_threshold: " + b"9" * 5_000 + b"}",
        b"client: " + b"[" * 5_000,
        b"client: {code: ravi}\n<<: {a: b}",
        b"{client: {code: ravi}, client: {code: ravi}}",
        b"--- {}\n--- {}",
        b"%YAML 9.9\n--- {}",
        b"#" * 2_000_001,
    ],
    "json": [
        b"",
        b"null",
        b"[]",
        b"{",
        b"{'client': 1}",
        b'{"client": NaN}',
        b'{"client": {"code": "ravi"}} x',
        b'{"client": {"code": "ravi", "name": "a\\u0000b"}}',
        b'{"client": {"code": "indus", "name": "a\\u0000b"}}',
        b'{"client": {"code": "indus", "name": "\\ud800"}}',
        b'{"client": {"code": "indus", "a\\nb\\ud800": 1}}',
        b'{"client": {"code": "indus"}, "purposes": [' + b"[" * 900 + b"]" * 900 + b"]}",
        b'{"client": {"code": "indus", "age_threshold": ' + b"1" * 5_000 + b"}}",
        b"[" * 100_000,
    ],
}


@pytest.mark.parametrize("kind", WORDS)
def test_a_file_that_is_no_client_ends_with_lines_and_stores_nothing(cast: Cast, tmp_path: Path, kind: str) -> None:
    before, file = read_state(cast), tmp_path / f"client.{kind}"
    for garbage in WORDS[kind]:
        file.write_bytes(garbage)
        out, errors, status = run("load_client", str(file))
        assert (out, status, read_state(cast)) == ("", 2, before), garbage[:60]
        assert errors, garbage[:60]
        assert all(line.strip() == line and line for line in errors), errors
    for missing in (tmp_path, tmp_path / "nothing.yaml"):
        assert run("load_client", str(missing))[1:] == ([f"There is no readable file {missing}."], 2)


def test_a_file_with_a_byte_order_mark_is_read(cast: Cast, tmp_path: Path) -> None:
    for name in ("client.json", "client.yaml"):
        (tmp_path / name).write_bytes(b"\xef\xbb\xbf" + json.dumps({"client": {"code": "indus"}}).encode())
        assert run("load_client", str(tmp_path / name)) == ("The file changes nothing.\n", [], 0)


def read_state(cast: Cast) -> tuple[object, ...]:
    """Return what a file could change: whether the new client is there, and the rows and evidence of the stored one."""
    new = find_client_by_code("ravi")
    with in_client(cast.client_id("indus")):
        models = (Client, ClientContact, Purpose, LawfulBasis, Instruction, NoticeVersion, RetentionRule, Entry)
        rows = [one._default_manager.count() for one in models]
        return new, Client.objects.get(pk=cast.client_id("indus")).name, *rows


@pytest.mark.parametrize("of", ["new", "stored"])
def test_changed_files_are_refused_in_lines_or_loaded_and_never_end_in_a_traceback(
    cast: Cast, tmp_path: Path, of: str
) -> None:
    dice, refused = random.Random(of), 0  # noqa: S311 -- the same files in every run
    document = yaml.safe_load(NEW) if of == "new" else exported("indus")
    before = read_state(cast)
    for number in range(CASES // 2):
        file = write_garbage(tmp_path, document, dice)
        savepoint = transaction.savepoint_create()
        out, errors, status = run("load_client", str(file))
        assert status == 0 or read_state(cast) == before, number
        transaction.savepoint_rollback(savepoint)
        assert status in {0, 2}, number
        assert bool(errors) is (status == 2), number
        assert all(line.strip() == line and line for line in errors), (number, errors)
        assert not (status and out), number
        refused += status == 2
    assert refused > CASES // 4
