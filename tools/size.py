"""Print the lines of Python of each package by kind, against the budget: ``python -m tools.size``.

Lines are those of tracked files, as ``wc -l`` counts them; migrations count apart. It exits with 1 above the budget.
"""

import subprocess
import sys
import tomllib
from collections import Counter
from pathlib import Path

from paktaleem.installed_apps import INSTALLED_APPS

ROOT = Path(__file__).resolve().parents[1]
PRODUCT = ("paktaleem", "consent", "rights", "retention", "children")
BUDGET = {"product": 100_000, "tests": 80_000, "apps": 45, "layers": 70}
KINDS = {
    "admin": {"admin", "console"},
    "views and api": {"api", "views", "urls", "serializers", "forms"},
    "models": {"models"},
    "selectors": {"selectors"},
    "services": {"services", "tasks", "acts"},
    "migrations": {"migrations"},
}
"""Kinds of modules, by the name of the module or of a folder above it; the first that fits."""


def list_python() -> list[Path]:
    """Return the tracked Python files that exist, relative to the project."""
    names = subprocess.run(["git", "ls-files", "-z", "*.py"], cwd=ROOT, check=True, capture_output=True, text=True)
    return [Path(name) for name in names.stdout.split("\0") if name and (ROOT / name).is_file()]


def package_of(path: Path) -> str:
    """Return the package of a file: its first folder, of ``paktaleem`` the first two."""
    depth = 2 if path.parts[0] == "paktaleem" and path.parts[1:-1] else 1
    return "/".join(path.parts[:depth]) if len(path.parts) > 1 else "."


def kind_of(path: Path) -> str:
    """Return the kind of a module of the product; ``other`` for pure modules and the like."""
    if "migrations" in path.parts:
        return "migrations"
    names = {*path.parts[1:-1], path.stem}
    return next((kind for kind, known in KINDS.items() if known & names), "other")


def count_lines() -> Counter[tuple[str, str]]:
    """Return the number of lines by package and kind."""
    lines: Counter[tuple[str, str]] = Counter()
    for path in list_python():
        kind = kind_of(path) if path.parts[0] in PRODUCT else "all"
        lines[package_of(path), kind] += (ROOT / path).read_bytes().count(b"\n")
    return lines


def totals(lines: Counter[tuple[str, str]]) -> dict[str, int]:
    """Return what the budget limits, by its names."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    product = sum(
        number
        for (package, kind), number in lines.items()
        if package.partition("/")[0] in PRODUCT and kind != "migrations"
    )
    return {
        "product": product,
        "tests": lines["tests", "all"],
        "apps": sum(app.partition(".")[0] in PRODUCT for app in INSTALLED_APPS),
        "layers": next(len(contract["layers"]) for contract in contracts if contract["type"] == "layers"),
    }


def main() -> int:
    """Print the table and the budget; return 1 if a total is above it."""
    lines = count_lines()
    kinds = [*KINDS, "other"]
    print_row("package", *kinds, "all but migrations")
    for package in sorted({package for package, kind in lines if kind != "all"}):
        counts = [lines[package, kind] for kind in kinds]
        print_row(package, *counts, sum(counts) - lines[package, "migrations"])
    found = totals(lines)
    for name, most in BUDGET.items():
        print_row(name, found[name], f"of {most}", "" if found[name] <= most else "ABOVE THE BUDGET")
    print_row("tools", lines["tools", "all"])
    return int(any(found[name] > most for name, most in BUDGET.items()))


def print_row(first: str, *cells: object) -> None:
    """Print one row, its cells aligned to the right."""
    sys.stdout.write(f"{first:<24}" + "".join(f"{cell!s:>15}" for cell in cells).rstrip() + "\n")


if __name__ == "__main__":
    sys.exit(main())
