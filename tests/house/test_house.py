"""House rules a machine can hold: sizes, names, docstrings, no hidden imports, migrations that are current."""

import ast
from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import call_command

from paktaleem.subjects.wrapped import everything_wrapped

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = [
    path.parent.relative_to(ROOT)
    for path in sorted(ROOT.glob("*/__init__.py"))
    if path.parent.name != "tests" and not path.parent.name.startswith(".")
]
MODULES = [
    path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py")) if "migrations" not in path.parts
]
BANNED = {"utils", "util", "helpers", "helper", "common", "core", "base", "misc", "manager", "managers"}
FUNCTION_LINES, MODULE_LINES = 50, 400
DOCUMENTED = {"models", "services", "selectors"}


def parsed(path):
    return ast.parse(path.read_text())


def named(path):
    return str(path.relative_to(ROOT))


def functions(tree):
    return [node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]


def long_functions(tree):
    return [node.name for node in functions(tree) if node.end_lineno - node.lineno + 1 > FUNCTION_LINES]


def hidden_imports(tree, lines):
    """Imports inside functions, but for those of ``ready`` and those whose line says why they stand there."""
    found = []
    for function in functions(tree):
        for node in ast.walk(function):
            if not isinstance(node, (ast.Import, ast.ImportFrom)) or function.name == "ready":
                continue
            text = lines[node.lineno - 1]
            if "PLC0415" not in text and "PLC0415" not in lines[0]:
                found.append((function.name, node.lineno))
    return found


def star_imports(tree):
    return [node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.names[0].name == "*"]


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
    "paktaleem/clock.py": "the door",
    "paktaleem/embedded/postmaster.py": "the age of a file, before there is any Django",
}


def clock_reads(tree):
    """Ask what time it is: by a known call, or by bringing Django's ``now`` in under its own name."""
    calls = [ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)]
    found = [call for call in calls if any(call == clock or call.endswith(f".{clock}") for clock in CLOCKS)]
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module in {"django.utils.timezone", "time"}:
            found += [name.name for name in node.names if name.name in {"now", "localdate", "localtime", "time"}]
        if isinstance(node, ast.ImportFrom) and node.module == "django.db.models.functions":
            found += [name.name for name in node.names if name.name == "Now"]
    return found


def undocumented(tree):
    """Public functions and classes at the top of a module, and public methods of its classes, without docstring."""
    found = []
    for node in tree.body:
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) or node.name.startswith("_"):
            continue
        if not ast.get_docstring(node):
            found.append(node.name)
        if isinstance(node, ast.ClassDef):
            inner = [one for one in node.body if isinstance(one, ast.FunctionDef) and not one.name.startswith("_")]
            found += [f"{node.name}.{one.name}" for one in inner if not ast.get_docstring(one)]
    return found


def is_documented(path):
    return bool(DOCUMENTED & {path.stem, *path.parent.parts})


def jobs_by_the_library(path, tree):
    """Uses of the library's own ``defer``, which within the worker writes on another connection; and of its app."""
    if path.name not in {"tasks.py", "jobs.py"}:
        modules = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
        return [module for module in modules if module.startswith("procrastinate.")]
    calls = [node.func.attr for node in ast.walk(tree) if isinstance(node, ast.Call) and hasattr(node.func, "attr")]
    return [] if path.name == "jobs.py" else [name for name in calls if name in {"defer", "defer_async", "configure"}]


each_module = pytest.mark.parametrize("path", MODULES, ids=named)


def test_there_are_modules_to_look_at():
    assert {"paktaleem", "consent"} <= {str(package) for package in PACKAGES}
    assert len(MODULES) > 60


@each_module
def test_no_function_is_longer_than_a_page(path):
    assert long_functions(parsed(path)) == []


@each_module
def test_no_module_is_longer_than_it_should_be(path):
    assert len(path.read_text().splitlines()) <= MODULE_LINES


@each_module
def test_no_module_has_a_name_that_says_nothing(path):
    assert not BANNED & {path.stem, *path.relative_to(ROOT).parts}


@each_module
def test_no_import_hides_in_a_function(path):
    text = path.read_text()
    assert hidden_imports(ast.parse(text), text.splitlines() or [""]) == []


@each_module
def test_no_import_brings_everything(path):
    assert star_imports(parsed(path)) == []


@each_module
def test_the_clock_is_read_at_its_one_door(path):
    if named(path) not in CLOCK_DOORS:
        assert clock_reads(parsed(path)) == [], "read paktaleem.clock: now_here() for a client's rules, else real_now()"


@each_module
def test_jobs_are_enqueued_by_the_one_function_that_does_so_in_this_transaction(path):
    assert jobs_by_the_library(path, parsed(path)) == [], "call paktaleem.jobs.enqueue_job"


@pytest.mark.parametrize("path", [path for path in MODULES if is_documented(path)], ids=named)
def test_what_others_call_says_what_it_does(path):
    assert undocumented(parsed(path)) == []


@pytest.mark.parametrize("path", [path for path in MODULES if path.stem != "__init__"], ids=named)
def test_every_module_says_what_it_is(path):
    assert not path.read_text().strip() or ast.get_docstring(parsed(path))


@pytest.mark.django_db(databases=["default", "owner"])
def test_migrations_are_current():
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_migrations_are_linear_and_named():
    for folder in sorted(folder for package in PACKAGES for folder in (ROOT / package).rglob("migrations")):
        names = sorted(path.stem for path in folder.glob("[0-9]*.py"))
        assert [name[:4] for name in names] == [f"{number:04}" for number in range(1, len(names) + 1)], folder
        assert not [name for name in names if "_auto_" in name], folder


@pytest.mark.parametrize(
    "path", sorted(path for package in PACKAGES for path in (ROOT / package).rglob("migrations/0*.py")), ids=named
)
def test_migrations_can_be_undone(path):
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in {"migrations.RunSQL", "migrations.RunPython"}:
            assert len(node.args) + len(node.keywords) >= 2, f"line {node.lineno} has no way back"


def app_imports(tree):
    """What a migration imports of the project, but for the operations and ids of tenant isolation."""
    names = [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    ours = {str(package) for package in PACKAGES}
    return [name for name in names if name.partition(".")[0] in ours and not name.startswith("paktaleem.tenancy.")]


def test_migrations_import_no_app():
    paths = [path for package in PACKAGES for path in (ROOT / package).rglob("migrations/0*.py")]
    assert len(paths) > 30
    assert not {str(path): found for path in paths if (found := app_imports(parsed(path)))}
    assert app_imports(ast.parse("import consent.models\nfrom paktaleem.tenancy.ids import new_id")) == [
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

from os import *

from django.utils.timezone import now
moments = [timezone.now(), datetime.datetime.now(tz=UTC), date.today(), now()]
from procrastinate.contrib.django import app
app.configure_task("x").defer()
"""
)


def test_the_rules_see_what_breaks_them():
    tree = ast.parse(BAD)
    assert long_functions(tree) == ["long"]
    assert [name for name, _ in hidden_imports(tree, BAD.splitlines())] == ["undocumented"]
    assert star_imports(tree) == ["os"]
    assert clock_reads(tree) == ["timezone.now", "datetime.datetime.now", "date.today", "now"]
    assert jobs_by_the_library(Path("services.py"), tree) == ["procrastinate.contrib.django"]
    assert jobs_by_the_library(Path("tasks.py"), tree) == ["defer"]
    assert undocumented(tree) == ["long", "undocumented", "Bare", "Bare.method"]


def test_every_key_that_is_wrapped_is_counted_before_an_epoch_goes():
    wrapping = {
        model._meta.label_lower
        for model in apps.get_models()
        if {"epoch", "wrapped"} <= {field.name for field in model._meta.concrete_fields}
    }
    counted = {kind.name for kind in everything_wrapped()} | {"subjects.subjectkey"}  # people's keys: services/epochs
    assert sorted(wrapping - counted) == []
    assert {"subjects.rosterimport", "paper.answersheet", "concerns.concern"} <= wrapping
