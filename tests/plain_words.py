"""Report words that the project does not use, with the word to write instead.

``python -m tests.plain_words [paths]`` (run by ``make check``) reads docstrings, comments, texts and names of tests in
Python modules, templates, SQL comments and documents, and the subject of the latest commit. codespell and typos replace
single words everywhere, identifiers and test data included; proselint has a fixed list of its own; none of them knows
what a docstring is. Code in backticks is not read: API codes, ledger kinds and table names are contracts.
"""

import ast
import io
import re
import subprocess
import sys
import tokenize
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

WORDS = (
    (r"the wall(?! clock)|walls|walled off", "tenant isolation, row-level security"),
    (r"(?<!class)(?<!chat )rooms?(?! for\b)", "app"),
    (r"(?:the|this|our|of) house|house (?:test|rule)s?", "project, codebase"),
    (
        r"(?<!two[ -])(?<!case )(?<!capital )(?<!Latin )(?<!ASCII )(?<!base32 )(?<!single )letters?(?! case)",
        "email, text message, message",
    ),
    (r"told", "reported, notified, published, sent"),
    (r"is asked of|asked anew|what (?:is|was) asked", "requested, queried, prompted"),
    (r"stands?(?! for\b)(?!-alone)(?!ing)|stood", "is, is in effect; a refusal takes precedence"),
    (r"gone", "deleted, expired, purged"),
    (r"(?<!at the )(?<!at that )moments?", "time, timestamp"),
    (r"doors?", "access link; HTTP client"),
    (r"(?:the|two|its|both) faces?", "interface"),
    (r"by turns", "alternating, alternately"),
    (r"bring\w*(?: [\w`.’']+){0,6} along", "select_related, prefetch; Select related …"),
    (r"who(?:m)?ever|whosever", "the person who, a user who, anyone who"),
    (r"nobody|somebody|anybody|everybody", "no one, a person, anyone, everyone; or the passive"),
    (r"kept answers?", "idempotent response, stored response"),
    (r"comes? of age|came of age|coming of age", "reaches the age of consent"),
    (r"a no|the no|a yes of", "refusal, consent"),
    (r"as it was:", "before"),
)
"""Words in any text, as a regular expression between word boundaries, and what to write instead."""

OPENINGS = (
    (r"Say (?:whether|if)\b", "Return True if …"),
    (r"Say\b", "Return …"),
    (r"Bring\b.*\balong\b", "Select related …"),
    (r"Lead\b", "Link to …, Redirect to …"),
    (r"Give (?:the|what|where|how|back)\b", "Return …"),
    (r"(?:What|Who|Whom|Whose|Whoever|Whatever|That which)\b", "the thing itself: a noun, or a verb and its object"),
)
"""How a docstring may not begin, and what it begins with instead."""

ALLOWED = frozenset(
    {
        "410 Gone",  # as HTTP names it
        "'nobody'",  # the account of Unix
        "Gone (410)",
        "starting with a letter",  # of the alphabet
        "letter by letter",
        "each letter",
        "both letters",
        "letters that only look like",
        "form or letter",  # on paper
        "forms, letters and notes",
        "scan or letter",
        "or a letter, to a recorded answer",
        "letter, or a note of a call",
        "Letter about a rights request",  # emailed or printed, as its page says
        "*Write a letter*",
        "letters about a request",
    }
)
"""Phrases in which such a word is right, and names that are data: cut out before a text is read."""

LETTERS = re.compile(
    r"(?:^|/)(?:rights/|templates/console/(?:panels/)?rights_|tests/rights/|retention/breaches/|templates/breaches/|"
    r"templates/console/panels/breach|templates/console/letter|tests/breaches/|directory/mail/letter_pages|0077-)"
)
"""Paths about letters that are emailed or printed: *letter* is the word for both."""

SKIPPED = frozenset({"migrations", "locale", "static", "__pycache__", "planted"})
SUBJECT_LIMIT = 72
_RULES = [(re.compile(rf"\b(?:{words})\b", re.IGNORECASE), instead) for words, instead in WORDS]
_OPENINGS = [(re.compile(words), instead) for words, instead in OPENINGS]
_CODE = re.compile(r"``.*?``|`[^`\n]*`|\{\{.*?\}\}|\{#|#\}|<[^>]*>|https?://\S+|\{\w*\}", re.DOTALL)
_TAG = re.compile(r"\{%.*?%\}", re.DOTALL)
_QUOTED = re.compile(r'"([^"]*)"')
_SQL = re.compile(
    r"\b(?:SELECT|INSERT|UPDATE|DELETE|CREATE|ALTER|DROP|GRANT|WITH|RAISE|WHERE|RETURN\w*|INTO|PERFORM)\b"
)
_PROSE = re.compile(r"[A-Za-z]{2,} [a-z]{1,}")
_STRINGS = (tokenize.STRING, tokenize.FSTRING_MIDDLE)

type Text = tuple[int, str]
"""The line where a text begins, and the text."""


def hits(text: str) -> Iterator[tuple[int, str, str]]:
    """Yield (line within the text, word, what to write instead) for each word that is not used."""
    for name in ALLOWED:
        text = text.replace(name, "")
    text = _CODE.sub(lambda found: "\n" * found[0].count("\n"), text)
    for rule, instead in _RULES:
        for found in rule.finditer(text):
            yield text.count("\n", 0, found.start()), found[0], instead


def opening(docstring: str) -> tuple[str, str] | None:
    """Return the first words of a docstring that begins as none should, and what it begins with instead."""
    found = ((rule.match(docstring.lstrip()), instead) for rule, instead in _OPENINGS)
    return next(((match[0], instead) for match, instead in found if match), None)


def docstrings(tree: ast.AST) -> Iterator[Text]:
    """Yield the docstrings of a module, its classes, functions and attributes."""
    for node in ast.walk(tree):
        body = getattr(node, "body", ())
        for child in body if isinstance(body, list) else ():
            value = child.value if isinstance(child, ast.Expr) else None
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                yield value.lineno, value.value


def names_of_tests(tree: ast.AST) -> Iterator[Text]:
    """Yield the names of the test functions of a module, as sentences."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            yield node.lineno, node.name.removeprefix("test_").replace("_", " ")


def other_texts(source: str, taken: set[int], *, strings: bool) -> Iterator[Text]:
    """Yield the comments, and where asked the strings that hold prose; ``taken`` are the docstrings' lines."""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        is_string = strings and token.type in _STRINGS and token.start[0] not in taken
        if token.type == tokenize.COMMENT or (is_string and _is_prose(token.string)):
            yield token.start[0], token.string


def _is_prose(string: str) -> bool:
    return bool(_PROSE.search(string)) and not _SQL.search(string)


def read_python(source: str, *, strings: bool) -> Iterator[tuple[int, str, str]]:
    """Yield (line, word, what to write instead) for a Python module."""
    tree = ast.parse(source)
    found = list(docstrings(tree))
    for line, text in found:
        if begins := opening(text):
            yield line, *begins
    others = other_texts(source, {line for line, _ in found}, strings=strings)
    for line, text in [*found, *others, *names_of_tests(tree)]:
        for offset, word, instead in hits(text):
            yield line + offset, word, instead


def read_template(source: str) -> Iterator[tuple[int, str, str]]:
    """Yield the same for a template: of its tags, only the texts in quotes of ``translate`` are read."""
    plain = _TAG.sub(lambda tag: " ".join(_QUOTED.findall(tag[0])) if "translate" in tag[0] else "", source)
    return ((line + 1, word, instead) for line, word, instead in hits(plain))


def read_document(source: str) -> Iterator[tuple[int, str, str]]:
    """Yield the same for a page of Markdown, without its indented and fenced code."""
    lines, fenced = [], False
    for line in source.splitlines():
        fenced ^= line.startswith("```")
        lines.append("" if fenced or line.startswith("    ") else line)
    return ((line + 1, word, instead) for line, word, instead in hits("\n".join(lines)))


def read_sql(source: str) -> Iterator[tuple[int, str, str]]:
    """Yield the same for the comments of an SQL file."""
    comments = "\n".join(line.partition("--")[2] for line in source.splitlines())
    return ((line + 1, word, instead) for line, word, instead in hits(comments))


def read(path: Path) -> Iterable[tuple[int, str, str]]:
    """Return (line, word, what to write instead) for one file."""
    source = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        return read_python(source, strings="tests" not in path.parts)
    readers = {".html": read_template, ".txt": read_template, ".text": read_template, ".md": read_document}
    return readers.get(path.suffix, read_sql)(source)


def files(paths: Iterable[Path]) -> Iterator[Path]:
    """Yield the files below the paths that hold texts, in order."""
    for path in paths:
        found = [path] if path.is_file() else sorted(path.rglob("*"))
        for one in found:
            mail = one.suffix in {".txt", ".text"} and "mail" in one.parts
            if (mail or one.suffix in {".py", ".html", ".md", ".sql"}) and not SKIPPED.intersection(one.parts):
                yield one


def everything() -> list[Path]:
    """Return the packages, templates, tests and documents of the project."""
    packages = sorted(init.parent for init in ROOT.glob("*/__init__.py"))
    own = Path(__file__).resolve()
    found = files([*packages, ROOT / "templates", ROOT / "docs", *sorted(ROOT.glob("*.md"))])
    return sorted({path for path in found if path.resolve() != own})


def read_subject() -> Iterator[str]:
    """Yield what is wrong with the subject of the latest commit, if this is a repository."""
    command = ["git", "log", "-1", "--no-merges", "--format=%s"]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    subject = found.stdout.strip()
    if len(subject) > SUBJECT_LIMIT:
        yield f"the latest commit's subject has {len(subject)} characters: at most {SUBJECT_LIMIT}"
    for _, word, instead in hits(subject):
        yield f"the latest commit's subject: “{word}”: write {instead}"


def main(arguments: list[str]) -> int:
    """Print a line for each hit; return 1 if there are any."""
    chosen = list(files(Path(argument) for argument in arguments)) if arguments else everything()
    lines = [
        f"{path.relative_to(ROOT) if path.is_relative_to(ROOT) else path}:{line}: “{word}”: write {instead}"
        for path in chosen
        for line, word, instead in sorted(read(path))
        if not (word.lower().startswith("letter") and LETTERS.search(path.as_posix()))
    ]
    lines += [] if arguments else read_subject()
    sys.stdout.writelines(f"{line}\n" for line in lines)
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
