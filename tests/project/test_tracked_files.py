"""``make check`` refuses tracked data of a trial, and large files."""

import io
import re
import subprocess
import tokenize

import pytest

from tests.project.offenders import refuse_any
from tests.project.test_house import ROOT, named
from tools.size import list_python
from tools.tracked_files import LARGEST, find_offences


@pytest.fixture
def checkout(tmp_path):
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    return tmp_path


def track(checkout, name, size=1):
    path = checkout / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x" * size)
    subprocess.run(["git", "-C", checkout, "add", "--force", name], check=True)


@pytest.mark.parametrize("name", [".data/keys.json", "paktaleem/.data/cluster/PG_VERSION"])
def test_data_of_a_trial_is_refused_at_every_depth(checkout, name):
    track(checkout, name)
    [offence] = find_offences(checkout)
    assert offence.startswith(f"{name}: .data holds a database with its keys and passwords")


def test_a_large_file_is_refused(checkout):
    track(checkout, "docs/film.mp4", LARGEST + 1)
    track(checkout, "docs/film.png", LARGEST)
    [offence] = find_offences(checkout)
    assert offence.startswith("docs/film.mp4: 1.0 MB would stay in every clone")


def test_catalogues_and_untracked_files_are_accepted(checkout):
    track(checkout, "locale/ur/LC_MESSAGES/django.po", LARGEST + 1)
    (checkout / "untracked").write_bytes(b"x" * (LARGEST + 1))
    track(checkout, "renamed since.py")
    (checkout / "renamed since.py").unlink()
    assert list(find_offences(checkout)) == []


REASONS = {
    "ARG002": "The signature is that of the method it overrides.",
    "E402": "The import needs django.setup(), which is called before it.",
    "F811": "The fixture is imported, and named by an argument.",
    "FBT001": "The signature is that of a framework.",
    "PLC0415": "The import needs settings, or a database, that are not there when the module is imported.",
    "S310": "The address is one that the test made, on this machine.",
    "S311": "A random choice that can be repeated, or a pause; nothing is secret.",
    "S608": "Only names of our own tables and columns are put into the statement; values are parameters.",
    "attr-defined": "The attribute is set by our code or by a plugin when it runs.",
    "index": "The text matches; otherwise the test fails here.",
    "misc": "The class is a mixin, or one of a package without types.",
    "no-untyped-call": "The function is one of a package without types.",
    "override": "The method takes or returns less than the stubs say.",
    "type-arg": "The class takes no type argument when it runs.",
}
"""Reasons by code, for exceptions that have the same reason at many places."""
_EXCEPTION = re.compile(
    r"(?:noqa: (?P<ruff>[A-Z]+[0-9]+(?:, ?[A-Z]+[0-9]+)*)|type: ignore\[(?P<mypy>[a-z-]+(?:, ?[a-z-]+)*)\])(?P<rest>.*)"
)


def list_exceptions(source):
    if not _EXCEPTION.search(source):
        return
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        found = _EXCEPTION.search(token.string) if token.type == tokenize.COMMENT else None
        if found:
            codes = (found["ruff"] or found["mypy"]).split(",")
            yield token.start[0], {code.strip() for code in codes}, found["rest"].strip(" -#")


def without_reason(source):
    return [
        f"line {line}: {', '.join(sorted(codes))}"
        for line, codes, reason in list_exceptions(source)
        if not reason and not codes <= REASONS.keys()
    ]


def _everything():
    return [ROOT / path for path in list_python() if "migrations" not in path.parts]


def test_each_exception_from_a_rule_has_a_reason():
    found = ((named(path), without_reason(path.read_text(encoding="utf-8"))) for path in _everything())
    refuse_any(found, advice="Write the reason after the code, as in “noqa: S603 -- a fixed command”:")


def test_each_reason_of_the_table_is_used():
    sources = (path.read_text(encoding="utf-8") for path in _everything())
    used = {code for source in sources for _, codes, reason in list_exceptions(source) if not reason for code in codes}
    assert REASONS.keys() <= used


def test_an_exception_without_a_reason_is_found():
    hidden = "no" + "qa"
    source = f"a = 1  # {hidden}: S603\nb = 2  # {hidden}: S603 -- fixed\nc = 3  # type: " + "ignore[arg-type]\n"
    assert without_reason(source) == ["line 1: S603", "line 3: arg-type"]
