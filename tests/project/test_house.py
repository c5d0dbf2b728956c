"""Conventions of the project beyond those of ruff and ``make check``: sizes, names, docstrings, the clock, jobs."""

import ast
import tomllib
from collections import Counter
from functools import cache
from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import call_command

from paktaleem.foundation.encryption.wrapped_secrets import list_wrapped_kinds
from paktaleem.foundation.operations.extensions import extension_points
from tests.project.offenders import refuse_any

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = [
    path.parent.relative_to(ROOT)
    for path in sorted(ROOT.glob("*/__init__.py"))
    if path.parent.name not in {"integrations", "tests", "tools"} and not path.parent.name.startswith(".")
]
MODULES = [
    path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py")) if "migrations" not in path.parts
]
MIGRATIONS = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("migrations/0*.py"))
BANNED = {"utils", "util", "helpers", "helper", "common", "core", "base", "misc", "manager", "managers"}
NAMED_BY_DJANGO = {"paktaleem/foundation/tenancy/database/base.py"}
"""Modules that Django loads by this name: a database engine."""
FUNCTION_LINES, MODULE_LINES = 50, 600
DOCUMENTED = {"models", "services", "selectors"}


@cache
def parsed(path):
    return ast.parse(path.read_text())


@cache
def walk(tree):
    return tuple(ast.walk(tree))


def named(path):
    return str(path.relative_to(ROOT))


def functions(tree):
    return [node for node in walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]


def long_functions(tree):
    return [node.name for node in functions(tree) if node.end_lineno - node.lineno + 1 > FUNCTION_LINES]


CLOCKS = {
    "date.today",
    "datetime.now",
    "datetime.today",
    "datetime.utcnow",
    "timezone.localdate",
    "timezone.localtime",
    "timezone.now",
    "time.time",
}
CLOCK_DOORS = {
    "paktaleem/foundation/clock.py": "the door",
    "paktaleem/foundation/embedded/postmaster.py": "the age of a file, before there is any Django",
}


def clock_reads(tree):
    calls = [ast.unparse(node.func) for node in walk(tree) if isinstance(node, ast.Call)]
    found = [call for call in calls if any(call == clock or call.endswith(f".{clock}") for clock in CLOCKS)]
    for node in walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module in {"django.utils.timezone", "time"}:
            found += [name.name for name in node.names if name.name in {"now", "localdate", "localtime", "time"}]
        if isinstance(node, ast.ImportFrom) and node.module == "django.db.models.functions":
            found += [name.name for name in node.names if name.name == "Now"]
    return found


def undocumented(tree):
    found = []
    for node in tree.body:
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) or node.name.startswith("_"):
            continue
        if not ast.get_docstring(node) and not is_named_by_base(node):
            found.append(node.name)
        if isinstance(node, ast.ClassDef):
            inner = [one for one in node.body if isinstance(one, ast.FunctionDef) and not one.name.startswith("_")]
            found += [f"{node.name}.{one.name}" for one in inner if not ast.get_docstring(one) and not is_plain(one)]
    return found


def is_named_by_base(node):
    """Return True for a query set or choices: its name says what it is of."""
    return isinstance(node, ast.ClassDef) and any(
        "QuerySet" in ast.unparse(base) or "Choices" in ast.unparse(base) for base in node.bases
    )


def is_plain(function):
    is_property = any(ast.unparse(one) == "property" for one in function.decorator_list)
    return function.name == "get_queryset" or (is_property and len(function.body) == 1)


def jobs_by_the_library(path, tree):
    if path.name not in {"tasks.py", "jobs.py"}:
        modules = [node.module or "" for node in walk(tree) if isinstance(node, ast.ImportFrom)]
        return [module for module in modules if module.startswith("procrastinate.")]
    calls = [node.func.attr for node in walk(tree) if isinstance(node, ast.Call) and hasattr(node.func, "attr")]
    return [] if path.name == "jobs.py" else [name for name in calls if name in {"defer", "defer_async", "configure"}]


def stopped_by_one_client(tree):
    found = []
    for loop in (node for node in walk(tree) if isinstance(node, ast.For)):
        targets = {node.id for node in ast.walk(loop.target) if isinstance(node, ast.Name)}
        opened = [one.context_expr for node in ast.walk(loop) if isinstance(node, ast.With) for one in node.items]
        calls = [one for one in opened if isinstance(one, ast.Call) and ast.unparse(one.func) == "in_client"]
        names = {node.id for call in calls for node in ast.walk(call) if isinstance(node, ast.Name)}
        found += [f"line {loop.lineno}"] if targets & names else []
    return found


def nameless(path):
    if path.relative_to(ROOT).as_posix() in NAMED_BY_DJANGO:
        return []
    return sorted(BANNED & {path.stem, *path.relative_to(ROOT).parts})


def says_nothing(path):
    return bool(path.read_text().strip()) and not ast.get_docstring(parsed(path))


def one_way(tree):
    calls = [node for node in walk(tree) if isinstance(node, ast.Call)]
    written = [call for call in calls if ast.unparse(call.func) in {"migrations.RunSQL", "migrations.RunPython"}]
    return [f"line {call.lineno} has no way back" for call in written if len(call.args) + len(call.keywords) < 2]


def test_there_are_modules_to_look_at():
    assert {"paktaleem", "consent"} <= {str(package) for package in PACKAGES}
    assert len(MODULES) > 60
    assert len(MIGRATIONS) > 20


def test_no_function_is_longer_than_a_page():
    refuse_any((named(path), long_functions(parsed(path))) for path in MODULES)


def test_no_module_is_longer_than_it_should_be():
    lines = ((named(path), len(path.read_text().splitlines())) for path in MODULES)
    refuse_any((name, f"{number} lines" if number > MODULE_LINES else "") for name, number in lines)


def test_no_module_has_a_name_that_says_nothing():
    refuse_any((named(path), nameless(path)) for path in MODULES)


def test_the_clock_is_read_in_one_module():
    refuse_any(
        ((named(path), clock_reads(parsed(path))) for path in MODULES if named(path) not in CLOCK_DOORS),
        advice="read paktaleem.foundation.clock: now_here() for a client's rules, else real_now()",
    )


def test_jobs_are_enqueued_by_the_one_function_that_does_so_in_this_transaction():
    refuse_any(
        ((named(path), jobs_by_the_library(path, parsed(path))) for path in MODULES),
        advice="call paktaleem.foundation.operations.jobs.enqueue_job",
    )


def test_no_task_of_the_worker_stops_at_a_client_that_fails():
    refuse_any(
        ((named(path), stopped_by_one_client(parsed(path))) for path in MODULES if path.name == "tasks.py"),
        advice="call paktaleem.foundation.operations.jobs.do_for_clients, or do_each",
    )


def test_what_others_call_says_what_it_does():
    documented = [path for path in MODULES if DOCUMENTED & {path.stem, *path.parent.parts}]
    refuse_any((named(path), undocumented(parsed(path))) for path in documented)


def test_every_module_says_what_it_is():
    refuse_any((named(path), says_nothing(path)) for path in MODULES if path.stem != "__init__")


def test_migrations_are_linear_and_named():
    for folder in sorted(folder for package in PACKAGES for folder in (ROOT / package).rglob("migrations")):
        names = sorted(path.stem for path in folder.glob("[0-9]*.py"))
        assert [name[:4] for name in names] == [f"{number:04}" for number in range(1, len(names) + 1)], folder
        assert not [name for name in names if "_auto_" in name], folder


def test_migrations_can_be_undone():
    refuse_any((named(path), one_way(parsed(path))) for path in MIGRATIONS)


def app_imports(tree):
    names = [alias.name for node in walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module or "" for node in walk(tree) if isinstance(node, ast.ImportFrom)]
    ours = {str(package) for package in PACKAGES}
    return [
        name
        for name in names
        if name.partition(".")[0] in ours and not name.startswith("paktaleem.foundation.tenancy.")
    ]


def test_migrations_import_no_app():
    paths = [path for package in PACKAGES for path in (ROOT / package).rglob("migrations/0*.py")]
    assert len(paths) > 30
    assert not {str(path): found for path in paths if (found := app_imports(parsed(path)))}
    assert app_imports(ast.parse("import consent.models\nfrom paktaleem.foundation.tenancy.rows import new_id")) == [
        "consent.models"
    ]


BAD = (
    """
def long():
"""
    + "    x = 1\n" * FUNCTION_LINES
    + """

def undocumented():
    import os

class Bare:
    def method(self): ...

class Rows(QuerySet): ...

from django.utils.timezone import now
moments = [timezone.now(), datetime.datetime.now(tz=UTC), date.today(), now()]
from procrastinate.contrib.django import app
app.configure_task("x").defer()
for client in clients:
    with in_client(client.pk):
        act()
"""
)


def test_the_rules_see_what_breaks_them():
    tree = ast.parse(BAD)
    assert long_functions(tree) == ["long"]
    assert clock_reads(tree) == ["timezone.now", "datetime.datetime.now", "date.today", "now"]
    assert jobs_by_the_library(Path("services.py"), tree) == ["procrastinate.contrib.django"]
    assert jobs_by_the_library(Path("tasks.py"), tree) == ["defer"]
    assert stopped_by_one_client(tree) == [f"line {BAD.count(chr(10)) - 2}"]
    assert undocumented(tree) == ["long", "undocumented", "Bare", "Bare.method"]
    assert one_way(ast.parse("migrations.RunSQL(a)\nmigrations.RunSQL(a, b)")) == ["line 1 has no way back"]
    assert nameless(ROOT / "consent" / "utils.py") == ["utils"]


def test_a_module_that_says_nothing_is_seen(tmp_path):
    (tmp_path / "bad.py").write_text("x = 1\n")
    (tmp_path / "good.py").write_text('"""What it is."""\n')
    assert [says_nothing(tmp_path / name) for name in ("bad.py", "good.py")] == [True, False]


def test_every_offender_is_named_at_once():
    with pytest.raises(AssertionError) as raised:
        refuse_any([("a.py", ["one"]), ("b.py", []), ("c.py", "two")], advice="do better")
    assert str(raised.value).splitlines() == ["do better", "a.py: ['one']", "c.py: two"]
    refuse_any([("b.py", [])])
    with pytest.raises(AssertionError, match="nothing was looked at"):
        refuse_any([])


def test_every_key_that_is_wrapped_is_counted_before_an_epoch_goes():
    wrapping = {
        model._meta.label_lower
        for model in apps.get_models()
        if {"epoch", "wrapped"} <= {field.name for field in model._meta.concrete_fields}
    }
    counted = {kind.name for kind in list_wrapped_kinds()} | {"people.subjectkey"}  # people's keys: key_epochs
    assert sorted(wrapping - counted) == []
    assert {"schools.rosterimport", "requests.rightsrequest"} <= wrapping


# The layout: every module is in one layer, every app small, every handler connected to a point that exists.
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
