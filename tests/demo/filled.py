"""A demonstration filled once per test run, by the first process that needs it; copies of it are served.

Run as a program it fills the folder that PAKTALEEM_DATA_DIR names, as ``manage.py demo`` does before serving.
"""

import os
import subprocess
import sys
from pathlib import Path

import django

from paktaleem.office.demo.trial import data_folder, environment
from tests.database import file_lock, run_folder

ROOT = Path(__file__).resolve().parents[2]
PORTAL = "http://127.0.0.1"
"""Portal URL in its only email; no copy is served there."""


def copy_filled(folder: Path, environ: dict[str, str]) -> None:
    """Copy the filled demonstration into a folder; ``environ`` is used to fill it if necessary."""
    subprocess.run(["cp", "-a", f"{_filled(environ)}/.", folder], check=True)
    (folder / "postgres" / "port").unlink(missing_ok=True)  # each copy finds a free port


def _filled(environ: dict[str, str]) -> Path:
    folder = run_folder() / "demonstration"
    folder.mkdir(mode=0o755, exist_ok=True)
    with file_lock(folder / "filling.lock"):
        if not (folder / "filled").exists():
            command, env = [sys.executable, "-m", "tests.demo.filled"], environ | {"PAKTALEEM_DATA_DIR": str(folder)}
            done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stderr
            (folder / "filled").touch()
    return folder


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "paktaleem.settings")
    with environment(["demo"]):
        django.setup()
        from django.db import connections  # noqa: PLC0415 -- needs the settings

        from paktaleem.office.demo.management.commands import demo  # noqa: PLC0415 -- as above

        demo.Command()._prepare(data_folder(), demo._own_endpoint(), fresh=False)
        demo.Command()._fill(data_folder(), portal=PORTAL)
        connections.close_all()


if __name__ == "__main__":
    main()
