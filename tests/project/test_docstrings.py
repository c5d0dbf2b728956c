"""Check that docstrings name real exceptions and sources, and that services name what they raise themselves."""

import ast
import builtins
import re

from tests.project.offenders import refuse_any
from tests.project.test_house import MODULES, ROOT, functions, named, parsed, walk

RAISES = re.compile(r"\bRaises? ([^.]*)")
CLASS_NAME = re.compile(r"\b[A-Z][a-z]+(?:[A-Z][A-Za-z]*)+\b")
NOT_IMPORTED = {"PakTaleem", "TemplateDoesNotExist"}
"""The product's name, and an exception of Django that the project lets pass without naming it in code."""
SERVICES = {"services", "selectors"}
DECISIONS = {int(path.name[:4]) for path in (ROOT / "docs" / "decisions").glob("[0-9]*.md")}
SECTIONS_OF_POLICY = range(1, 14)


def known_classes(trees):
    nodes = [node for tree in trees for node in walk(tree)]
    defined = {node.name for node in nodes if isinstance(node, ast.ClassDef)}
    imports = [alias for node in nodes if isinstance(node, (ast.Import, ast.ImportFrom)) for alias in node.names]
    return defined | {alias.asname or alias.name for alias in imports} | set(dir(builtins)) | NOT_IMPORTED


def unknown_exceptions(tree, known):
    documented = [node for node in walk(tree) if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef))]
    texts = [ast.get_docstring(node) or "" for node in documented]
    found = [name for text in texts for said in RAISES.findall(text) for name in CLASS_NAME.findall(said)]
    return sorted({*found} - known)


class _OwnRaises(ast.NodeVisitor):
    """Collect the classes that a function raises itself, not in functions inside it."""

    def __init__(self):
        self.found: set[str] = set()

    def visit_FunctionDef(self, node):
        """Leave out functions inside the function."""

    def visit_Raise(self, node):
        raised = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
        name = ast.unparse(raised).rpartition(".")[2] if raised is not None else ""
        if name[:1].isupper():
            self.found.add(name)


def unnamed_exceptions(tree):
    for function in tree.body:
        if isinstance(function, ast.FunctionDef) and not function.name.startswith("_"):
            own = _OwnRaises()
            for statement in function.body:
                own.visit(statement)
            docstring = ast.get_docstring(function) or ""
            yield from (f"{function.name}: {name}" for name in sorted(own.found) if name not in docstring)


def unknown_sources(tree):
    documented = [node for node in walk(tree) if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef))]
    text = "\n".join(ast.get_docstring(node) or "" for node in documented)
    decisions = {int(number) for number in re.findall(r"\bdecisions? (\d{1,4})\b", text)} - DECISIONS
    sections = {int(number) for number in re.findall(r"\bpolicy §(\d+)", text)} - {*SECTIONS_OF_POLICY}
    return [*(f"decision {one}" for one in sorted(decisions)), *(f"policy §{one}" for one in sorted(sections))]


def test_docstrings_name_only_exceptions_that_exist():
    known = known_classes([parsed(path) for path in MODULES])
    refuse_any(((named(path), unknown_exceptions(parsed(path), known)) for path in MODULES), advice="Raises unknown:")


def test_services_name_the_exceptions_they_raise():
    services = [path for path in MODULES if SERVICES & {*path.parts, path.stem} or path.stem.endswith("_services")]
    refuse_any(((named(path), [*unnamed_exceptions(parsed(path))]) for path in services), advice="Add Raises …:")


def test_docstrings_cite_only_sources_that_exist():
    refuse_any(((named(path), unknown_sources(parsed(path))) for path in MODULES), advice="No such source:")


def test_the_checks_find_a_wrong_and_a_missing_name():
    tree = ast.parse('def act():\n    """Act. Raises NotHere, ValueError."""\n    raise TypeError("no")\n')
    assert unknown_exceptions(tree, {"ValueError"}) == ["NotHere"]
    assert [*unnamed_exceptions(tree)] == ["act: TypeError"]
    assert unknown_sources(
        ast.parse('"""Follows policy §9 and §14, policy §14, decision 0001 and decision 0999."""')
    ) == ["decision 999", "policy §14"]
    assert [function.name for function in functions(tree)] == ["act"]
