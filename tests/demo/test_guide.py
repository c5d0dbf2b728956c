"""Every example of the guide for LMS developers, and of the README, works on a fresh demonstration as it is shown."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.demo.examples import Example, differences, read_examples, run_examples
from tests.demo.running import ROOT, free_port, running_demonstration
from tests.project.offenders import refuse_any

GUIDE, README = ROOT / "docs" / "lms-developer.md", ROOT / "README.md"


@pytest.fixture(scope="module")
def receiver_port():
    return free_port()


@pytest.fixture(scope="module")
def demonstration(receiver_port):
    """A fresh demonstration that may send webhooks to this machine, started as the guide says."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("WEBHOOKS_ALLOWED", f"127.0.0.1:{receiver_port}")
        with running_demonstration() as running:
            yield running


def run(page: Path, folder: Path, demonstration, receiver_port):
    keys = {client["code"]: client["api_key"] for client in demonstration.values["clients"]}
    examples = read_examples(page.read_text(encoding="utf-8"))
    (folder / ".venv").symlink_to(ROOT / ".venv")
    replaced = {
        "http://127.0.0.1:8000": demonstration.values["base_url"],
        "ptk_test_…": keys["sandbox"],
        "ptk_…": keys["indus"],
        "8099": str(receiver_port),
    }
    outputs = run_examples(examples, folder, replaced)
    assert len(outputs) == len(examples)
    refuse_any((one.commands, differences(one, output)) for one, output in zip(examples, outputs, strict=True))
    return examples


def test_every_example_of_the_readme_works(demonstration, receiver_port, tmp_path):
    assert len(run(README, tmp_path, demonstration, receiver_port)) == 2


def test_every_example_of_the_guide_works_in_order(demonstration, receiver_port, tmp_path):
    assert len(run(GUIDE, tmp_path, demonstration, receiver_port)) > 25


def test_every_wait_of_the_guide_ends_and_shows_why():
    """A receiver whose port is taken never receives anything."""
    examples = read_examples(GUIDE.read_text(encoding="utf-8"))
    assert [one.commands for one in examples if re.search(r"^\s*(until|while)\b", one.commands, re.MULTILINE)] == []
    [start] = [one.commands for one in examples if "wait_until()" in one.commands]
    fails = "sleep() { :; }\necho 'Address already in use' > $WORK/hooks.log\nwait_until false; echo $?"
    done = subprocess.run(["bash", "-c", f"{start}\n{fails}"], capture_output=True, text=True, check=True)
    assert done.stdout == "1\n"
    assert "Not after a minute: false." in done.stderr
    assert "Address already in use" in done.stderr


def test_every_call_in_the_guide_is_an_example():
    page = re.sub(r"```\w+\n.*?```", "", GUIDE.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert re.findall(r"^ {4,}(?:curl|call|\{|POST|GET).*$", page, re.MULTILINE) == []


@pytest.mark.parametrize(
    ("shown", "output"),
    [
        ('{"a": 1}', '{"a": 2}'),
        ('{"a": 1}', '{"a": true}'),
        ('{"a": 1}', '{"a": 1, "b": 2}'),
        ('{"a": 1, "…": "…"}', '{"b": 2}'),
        ('{"a": "x…"}', '{"a": "y"}'),
        ('{"a": [1, "…"]}', '{"a": [1]}'),
        ("{}", "{}{}"),
        ("{}", "no JSON"),
    ],
)
def test_an_output_that_differs_is_found(shown, output):
    assert differences(Example("call", shown, "json"), output)


def test_an_output_as_shown_is_none():
    shown = '{"a": "x…", "b": [{"c": 1, "…": "…"}], "d": "…"}'
    assert differences(Example("call", shown, "json"), '{"a": "xyz", "b": [{"c": 1, "e": 2}], "d": {"f": 3}}') == []
    assert differences(Example("call", "one …\n", "text"), "one two\n") == []
    assert differences(Example("call"), '{"type": "urn:paktaleem:problem:not-found"}')
    assert differences(Example("call"), "") == []
