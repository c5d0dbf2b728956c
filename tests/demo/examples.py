"""The examples of a page of docs/: fenced blocks, run in order in one shell, with the responses that the page shows.

A ``bash`` block is run; ``json`` and ``text`` blocks after it are its output. In them ``…`` stands for any text, and
the member ``"…": "…"`` for members that are left out.
"""

import json
import re
import shutil
import signal
import subprocess
import textwrap
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from os import killpg
from pathlib import Path
from typing import Any

_BLOCK = re.compile(r"^( *)```(\w+)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
_MARK = "= end of example ="
_PROBLEM = "urn:paktaleem:problem:"
_SECONDS = 300


@dataclass
class Example:
    """The commands of one block, the response that the page shows, and the kind of the block that shows it."""

    commands: str
    expected: str = ""
    kind: str = ""


_OUTPUTS = frozenset({"json", "text"})


def read_examples(page: str) -> list[Example]:
    found: list[Example] = []
    for _, kind, text in _BLOCK.findall(page):
        block = textwrap.dedent(text)
        if kind == "bash":
            found.append(Example(block))
        elif kind not in _OUTPUTS:
            continue  # code of a page, such as HTML
        else:
            found[-1].kind = kind if found[-1].kind in {"", kind} else "mixed"
            found[-1].expected += block
    return found


def run_examples(examples: list[Example], folder: Path, replaced: Mapping[str, str]) -> list[str]:
    """Run the examples in one bash in a folder; return the output of each.

    ``replaced`` maps texts of the page to what takes their place: an address, a key, a port. Processes that the
    examples leave running are ended.
    """
    script = "".join(f"{one.commands}\nprintf '\\n{_MARK}\\n'\n" for one in examples)
    for text, instead in replaced.items():
        script = script.replace(text, instead)
    bash = shutil.which("bash")
    assert bash, "bash is needed"
    (folder / "examples.sh").write_text(script)
    with (folder / "output").open("w+") as output:
        shell = subprocess.Popen(
            [bash, "examples.sh"], cwd=folder, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )
        try:
            shell.wait(timeout=_SECONDS)
        finally:
            with suppress(ProcessLookupError):  # none is left
                killpg(shell.pid, signal.SIGTERM)
        output.seek(0)
        return output.read().split(f"\n{_MARK}\n")[:-1]


def differences(example: Example, output: str) -> list[str]:
    """Return how an output differs from what the page shows; an output that is not shown may hold no problem."""
    if example.kind == "text":
        wanted = re.escape(example.expected.strip()).replace("…", ".*")
        return [] if re.fullmatch(wanted, output.strip().replace("\r", "")) else [output]
    if not example.kind:
        return [output] if _PROBLEM in output or "Error" in output else []
    shown, got = list(_documents(example.expected)), list(_documents(output))
    if len(shown) != len(got):
        return [f"{len(shown)} responses are shown, not {len(got)}: {output}"]
    return [found for one, other in zip(shown, got, strict=True) for found in _compare(one, other, "")]


def _documents(text: str) -> list[Any]:
    """Return the JSON documents in a text, one after the other; a text that is no JSON is one document."""
    decoder, rest = json.JSONDecoder(), text.strip()
    found: list[Any] = []
    while rest:
        try:
            value, end = decoder.raw_decode(rest)
        except ValueError:
            return [*found, rest]
        found.append(value)
        rest = rest[end:].strip()
    return found


def _compare(shown: Any, got: Any, place: str) -> list[str]:
    if isinstance(shown, dict) and isinstance(got, dict):
        return _compare_members(shown, got, place)
    if isinstance(shown, list) and isinstance(got, list) and len(shown) == len(got):
        pairs = enumerate(zip(shown, got, strict=True))
        return [found for number, (one, other) in pairs for found in _compare(one, other, f"{place}/{number}")]
    if isinstance(shown, str) and "…" in shown and (shown == "…" or isinstance(got, str)):
        return [] if re.fullmatch(re.escape(shown).replace("…", ".*"), str(got), re.DOTALL) else [f"{place}: {got!r}"]
    return [] if (shown, type(shown)) == (got, type(got)) else [f"{place}: {got!r}, not {shown!r}"]


def _compare_members(shown: dict[str, Any], got: dict[str, Any], place: str) -> list[str]:
    wanted = {name: value for name, value in shown.items() if name != "…"}
    missing = [f"{place}/{name} is missing" for name in wanted if name not in got]
    extra = [] if "…" in shown else [f"{place}/{name} is not shown" for name in got if name not in wanted]
    inner = (_compare(value, got[name], f"{place}/{name}") for name, value in wanted.items() if name in got)
    return [*missing, *extra, *(found for one in inner for found in one)]
