"""Keys of the facts that the code records in the ledger, found in its syntax."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("paktaleem", "children", "consent", "retention", "rights")
RECORDING = ("record_entry", "record_own_entry", "make_entry", "facts")
_PUT_TOGETHER = """
    age_threshold child country days_left direction ends_on finding length page period readmission serves_minors
    severity time_zone
"""
"""Keys of facts that the code puts together in ways that are not followed here."""


def list_fact_keys() -> set[str]:
    """Return the keys of every fact that the code records."""
    found = set(_PUT_TOGETHER.split())
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            text = path.read_text(encoding="utf-8")
            if "migrations" not in path.parts and any(one in text for one in RECORDING):
                found |= set(_keys_in(ast.parse(text)))
    return found


def _keys_in(tree: ast.AST) -> Iterator[str]:
    collecting = {
        one.name: {arg.arg for arg in (*one.args.args, *one.args.kwonlyargs)}
        for one in ast.walk(tree)
        if isinstance(one, ast.FunctionDef) and one.args.kwarg is not None and one.args.kwarg.arg == "facts"
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield from _keys_of_call(node, collecting.get(_name_of(node.func)))
        elif isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign) and node.value is not None:
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                yield from _keys_of_assignment(target, node.value)
        elif isinstance(node, ast.FunctionDef) and node.name.endswith("facts"):
            returned = (one.value for one in ast.walk(node) if isinstance(one, ast.Return))
            yield from (key for value in returned if value is not None for key in _keys_of(value))


def _keys_of_call(call: ast.Call, own: set[str] | None) -> Iterator[str]:
    for keyword in call.keywords:
        if keyword.arg == "facts":
            yield from _keys_of(keyword.value)
        elif own is not None and keyword.arg is not None and keyword.arg not in own:
            yield keyword.arg


def _keys_of_assignment(target: ast.expr, value: ast.expr) -> Iterator[str]:
    if _name_of(target).endswith("facts"):
        yield from _keys_of(value)
    elif isinstance(target, ast.Subscript) and _name_of(target.value).endswith("facts"):
        yield from _keys_of(ast.Dict([target.slice], [value]))


def _name_of(node: ast.AST) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _keys_of(value: ast.AST) -> Iterator[str]:
    for node in ast.walk(value):
        if isinstance(node, ast.Dict):
            yield from (key.value for key in node.keys if isinstance(key, ast.Constant) and isinstance(key.value, str))
        elif isinstance(node, ast.Call) and _name_of(node.func) == "dict":
            yield from (keyword.arg for keyword in node.keywords if keyword.arg is not None)
