"""``make check`` refuses tracked data of a trial, and large files."""

import subprocess
from pathlib import Path

import pytest

from tools.tracked_files import LARGEST, find_offences


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    return tmp_path


def track(checkout: Path, name: str, size: int = 1) -> None:
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
