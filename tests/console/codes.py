"""Codes that a page shows where people expect words."""

import ast
import re
from html.parser import HTMLParser
from pathlib import Path

_NOT_BESIDE = r"[\w@/-]"
CODE = re.compile(
    rf"(?<![.])(?<!{_NOT_BESIDE})(?:[a-z][a-z0-9.]*_[a-z0-9._]*[a-z0-9]|[a-z]+(?:\.[a-z]+)+)(?!{_NOT_BESIDE}|\.[a-z])"
)
"""A name of a program: ``snake_case``, or a dotted act such as ``consent.given``."""
NAMES = re.compile(r"lms_session|lms_theme|site_[0-9a-f]{32}|ptk_\w+|[a-z.]+\.example")
"""Names of cookies, sites, keys and domains: there are no other words for them."""
NO_WORDS = {"code", "pre", "details", "script", "style", "textarea", "head", "svg"}
"""Elements that may contain codes: marked as code, or opened by those who look for details."""
VOID = {"input", "br", "img", "link", "meta", "hr", "source", "wbr", "path", "use"}


class _Reader(HTMLParser):
    """Collects the text that a reader sees without opening anything."""

    def __init__(self):
        super().__init__()
        self.open: list[str] = []
        self.codes: list[str] = []

    def handle_starttag(self, tag, attrs):
        del attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        while self.open and self.open.pop() != tag:
            pass

    def handle_data(self, data):
        if not NO_WORDS & set(self.open):
            self.codes += [code for code in CODE.findall(data) if not NAMES.fullmatch(code)]


def codes_in(html):
    reader = _Reader()
    reader.feed(html)
    return list(dict.fromkeys(reader.codes))


ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("paktaleem", "children", "consent", "retention", "rights")
RECORDING = ("record_entry", "record_own_entry", "make_entry", "facts")


def list_fact_keys():
    found: set[str] = set()
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            text = path.read_text(encoding="utf-8")
            if "migrations" not in path.parts and any(one in text for one in RECORDING):
                found |= set(_keys_in(ast.parse(text)))
    return found


def _keys_in(tree):
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


def _keys_of_call(call, own):
    for keyword in call.keywords:
        if keyword.arg == "facts":
            yield from _keys_of(keyword.value)
        elif own is not None and keyword.arg is not None and keyword.arg not in own:
            yield keyword.arg


def _keys_of_assignment(target, value):
    if _name_of(target).endswith("facts"):
        yield from _keys_of(value)
    elif isinstance(target, ast.Subscript) and _name_of(target.value).endswith("facts"):
        yield from _keys_of(ast.Dict([target.slice], [value]))


def _name_of(node):
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _keys_of(value):
    for node in ast.walk(value):
        if isinstance(node, ast.Dict):
            yield from (key.value for key in node.keys if isinstance(key, ast.Constant) and isinstance(key.value, str))
        elif isinstance(node, ast.Call) and _name_of(node.func) == "dict":
            yield from (keyword.arg for keyword in node.keywords if keyword.arg is not None)
