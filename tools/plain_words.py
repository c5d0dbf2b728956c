"""Report words that the project does not use, with the words to write instead.

``python -m tools.plain_words [paths]`` (run by ``make check``) reads docstrings, comments, texts and names of tests in
Python modules, templates, SQL comments and documents, and the subject of the latest commit. No package
fits: codespell and typos also replace words in identifiers and test data, proselint has a fixed list, and none of them
tells docstrings from code. Code in backticks is not read: API codes, ledger kinds and table names are contracts.
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
    (r"the wall(?! clock)|walls|walled off", "“tenant isolation” or “row-level security”"),
    (r"(?<!class)(?<!chat )rooms?(?! for\b)", "“app”"),
    (r"(?:the|this|our|of) house|house (?:test|rule)s?", "“project” or “codebase”"),
    (
        r"(?<!two[ -])(?<!case )(?<!capital )(?<!Latin )(?<!ASCII )(?<!base32 )(?<!single )letters?(?! case)",
        "“email”, “text message” or “message”; a letter is printed",
    ),
    (r"told", "“reported”, “notified”, “published” or “sent”"),
    (r"is asked of|asked anew|what (?:is|was) asked", "“requested”, “queried” or “prompted”"),
    (r"stands?(?! for\b)(?!-alone)(?!ing)|stood", "“is” or “is in effect”; of a refusal: “takes precedence”"),
    (r"gone", "“deleted”, “expired” or “purged”"),
    (r"(?<!at the )(?<!at that )moments?", "“time”; “timestamp” for a stored one"),
    (r"doors?", "“access link” or “HTTP client”"),
    (r"(?:the|two|its|both) faces?", "“interface”"),
    (r"by turns", "“alternating” or “alternately”"),
    (r"bring\w*(?: [\w`.’']+){0,6} along", "“select related” or “prefetch”"),
    (r"who(?:m)?ever|whosever", "“the person who”, “a user who” or “anyone who”"),
    (r"nobody|somebody|anybody|everybody", "“no one”, “a person”, “anyone” or “everyone”; or the passive voice"),
    (r"kept answers?", "“idempotent response” or “stored response”"),
    (r"comes? of age|came of age|coming of age", "“reaches the age of consent”"),
    (r"a no|the no|a yes of", "“refusal” or “consent”"),
    (r"as it was:", "“before:”"),
)
"""Words that no text has, each as a regular expression between word boundaries, and what to write instead."""

OPENINGS = (
    (r"Say (?:whether|if)\b", "“Return True if …”"),
    (r"Say\b", "“Return …”"),
    (r"Bring\b.*\balong\b", "“Select related …”"),
    (r"Lead\b", "“Link to …” or “Redirect to …”"),
    (r"Give (?:the|what|where|how|back)\b", "“Return …”"),
    (
        r"(?:What|Who|Whom|Whose|Whoever|Whatever|That which)\b",
        "a noun, or a verb and its object",
    ),
)
"""First words that no docstring has, each as a regular expression, and how to begin instead."""

ALLOWED = frozenset(
    {
        "410 Gone",  # as HTTP names it
        "'nobody'",  # the account of Unix
        "Gone (410)",
        "mail.Letter",  # a model
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
        "letter: ",  # a code of the ledger, before its name
        "everybody: ",
    }
)
"""Phrases and names that are right although they have such a word. They are removed before a text is read."""

LETTERS = re.compile(
    r"(?:^|/)(?:rights/|templates/console/(?:panels/)?rights_|tests/rights/|retention/breaches/|templates/breaches/|"
    r"templates/console/panels/breach|templates/console/letter|tests/breaches/|directory/mail/admin|0077-)"
)
"""Paths of files in which *letter* is right: about letters that may be emailed or printed."""

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
    """Yield (line within the text, word, what to write instead) for each word of ``WORDS`` in a text."""
    for name in ALLOWED:
        text = text.replace(name, "")
    text = _CODE.sub(lambda found: "\n" * found[0].count("\n"), text)
    for rule, instead in _RULES:
        for found in rule.finditer(text):
            yield text.count("\n", 0, found.start()), found[0], instead


def opening(docstring: str) -> tuple[str, str] | None:
    """Return the first words of a docstring if they are in ``OPENINGS``, and how to begin instead; otherwise None."""
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
    """Yield the comments, and with ``strings`` the strings of prose; ``taken`` are the lines of docstrings."""
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
    """Yield (line, word, what to write instead) for a template; of its tags, the texts of ``translate`` are read."""
    plain = _TAG.sub(lambda tag: " ".join(_QUOTED.findall(tag[0])) if "translate" in tag[0] else "", source)
    return ((line + 1, word, instead) for line, word, instead in hits(plain))


def read_document(source: str) -> Iterator[tuple[int, str, str]]:
    """Yield (line, word, what to write instead) for a page of Markdown, without its code."""
    lines, fenced = [], False
    for line in source.splitlines():
        fenced ^= line.startswith("```")
        lines.append("" if fenced or line.startswith(("    ", "```")) else line)
    return ((line + 1, word, instead) for line, word, instead in hits("\n".join(lines)))


def read_sql(source: str) -> Iterator[tuple[int, str, str]]:
    """Yield (line, word, what to write instead) for the comments of an SQL file."""
    comments = "\n".join(line.partition("--")[2] for line in source.splitlines())
    return ((line + 1, word, instead) for line, word, instead in hits(comments))


def read(path: Path) -> Iterable[tuple[int, str, str]]:
    """Return (line, word, what to write instead) for one file."""
    source = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        return read_python(source, strings={"tests", "tools"}.isdisjoint(path.parts))
    readers = {".html": read_template, ".txt": read_template, ".text": read_template, ".md": read_document}
    return readers.get(path.suffix, read_sql)(source)


def files(paths: Iterable[Path]) -> Iterator[Path]:
    """Yield the files with texts below the paths, in order."""
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
    """Yield the faults of the subject of the latest commit; none outside a repository."""
    command = ["git", "log", "-1", "--no-merges", "--format=%s"]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    subject = found.stdout.strip()
    if len(subject) > SUBJECT_LIMIT:
        yield f"the subject of the latest commit has {len(subject)} characters; shorten it to at most {SUBJECT_LIMIT}"
    for _, word, instead in hits(subject):
        yield f"the subject of the latest commit: instead of “{word}”, write {instead}"


def main(arguments: list[str]) -> int:
    """Print a line for each hit; return 1 if there are any."""
    chosen = list(files(Path(argument) for argument in arguments)) if arguments else everything()
    lines = [
        f"{path.relative_to(ROOT) if path.is_relative_to(ROOT) else path}:{line}: instead of “{word}”, write {instead}"
        for path in chosen
        for line, word, instead in sorted(read(path))
        if not (word.lower().startswith("letter") and LETTERS.search(path.as_posix()))
    ]
    lines += [] if arguments else read_subject()
    sys.stdout.writelines(f"{line}\n" for line in lines)
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
