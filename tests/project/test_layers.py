"""The layout: every module is in one layer, every app small, every handler connected to a point that exists."""

import tomllib
from collections import Counter
from functools import cache
from pathlib import Path

from django.apps import apps
from django.core.management import call_command

from paktaleem.foundation.operations.extensions import extension_points

ROOT = Path(__file__).resolve().parents[2]
MOST_LINES = 5_000


@cache
def contracts():
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]


@cache
def layers():
    return next(one["layers"] for one in contracts()["contracts"] if one["type"] == "layers")


def modules():
    roots = contracts()["root_packages"]
    paths = (path for root in roots for path in (ROOT / root).rglob("*.py"))
    return sorted(path for path in paths if path.name != "__init__.py" and "migrations" not in path.parts)


def dotted(path):
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


def test_every_module_is_in_exactly_one_layer():
    number = {name: sum(f"{name}.".startswith(f"{layer}.") for layer in layers()) for name in map(dotted, modules())}
    assert [name for name, layers_of_it in number.items() if layers_of_it != 1] == []


def test_the_contract_of_layers_makes_no_exception():
    assert [one["name"] for one in contracts()["contracts"] if one.get("ignore_imports")] == []


def test_no_app_is_larger_than_it_should_be():
    lines: Counter[str] = Counter()
    units = {Path(app.path, part) for app in apps.get_app_configs() for part in ("", *getattr(app, "parts", ()))}
    for path in modules():
        app = next((folder for folder in path.parents if folder in units and folder.name != "consent"), path.parent)
        lines[str(app)] += len(path.read_text().splitlines())
    assert {app: count for app, count in lines.items() if count > MOST_LINES} == {}


def test_the_label_of_an_app_is_the_name_of_its_folder():
    own = [app for app in apps.get_app_configs() if app.name.partition(".")[0] in contracts()["root_packages"]]
    assert len(own) > 20
    assert [app.name for app in own if app.label != app.name.rpartition(".")[2]] == []


def test_every_extension_point_has_a_handler_and_is_listed(capsys):
    points = extension_points()
    assert [point.name for point in points if not list(point)] == []
    call_command("list_extensions")
    listed = capsys.readouterr().out
    assert all(f"{point.name}: {point.purpose}" in listed for point in points)
    assert "paktaleem.directory.data_systems.services.issuing.keep_orders_answerable" in listed
