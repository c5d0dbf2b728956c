"""Reading and writing the file: YAML or JSON, with safe constructors only."""

import json
import re
from collections.abc import Callable, Hashable, Iterator
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError as SchemaError

from paktaleem.onboarding.files.schema import build_schema

_UNFIT = re.compile(r"[\x00\ud800-\udfff]")
MOST_BYTES = 2_000_000
"""Largest file that is read, in bytes."""


class FileInvalid(Exception):
    """The file cannot be read as a client; ``lines`` name each field and what is allowed there."""

    def __init__(self, *lines: str) -> None:
        """Keep the lines."""
        super().__init__(*lines)
        self.lines = lines


class _Loader(yaml.SafeLoader):
    """Plain values only: no tags, no aliases, no dates; ``no`` is a text, as in the country code NO."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        """Refuse tags, and aliases, which can make a small file very large. Raises FileInvalid."""
        if self.check_event(yaml.AliasEvent):
            raise FileInvalid("The file has an alias (*): write the value out.")
        event: Any = self.peek_event()  # type: ignore[no-untyped-call]
        if getattr(event, "tag", None) is not None:
            raise FileInvalid(f"The file has a tag (!), line {event.start_mark.line + 1}: write the plain value.")
        return super().compose_node(parent, index)

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Hashable, Any]:  # noqa: FBT001, FBT002 -- as PyYAML
        """Refuse a key that is there twice. Raises FileInvalid."""
        names = [key.value for key, _value in node.value]
        if doubled := next((name for name in names if names.count(name) > 1), None):
            raise FileInvalid(f"{doubled}: is there twice, line {node.start_mark.line + 1}.")
        return super().construct_mapping(node, deep=deep)


_PLAIN = {"tag:yaml.org,2002:null", "tag:yaml.org,2002:int"}
_Loader.yaml_implicit_resolvers = {
    letter: [(tag, pattern) for tag, pattern in resolvers if tag in _PLAIN]
    for letter, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$"), list("tf"))


class _Dumper(yaml.SafeDumper):
    """Texts of several lines as blocks."""


def _represent_text(dumper: Any, text: str) -> Any:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _represent_text)


def write_yaml(document: dict[str, Any]) -> str:
    """Return a document as YAML."""
    return yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)


def read_client_file(path: Path) -> dict[str, Any]:
    """Read and check the file of a client. Raises FileInvalid with all its errors, OSError."""
    with path.open("rb") as file:
        written = file.read(MOST_BYTES + 1)
    if len(written) > MOST_BYTES:
        raise FileInvalid(f"The file has more than {MOST_BYTES:,} bytes.")
    try:
        text = written.decode("utf-8-sig")
        document = _read_json(text) if path.suffix == ".json" else yaml.load(text, Loader=_Loader)  # noqa: S506 -- a SafeLoader
        check_document(document)
    except UnicodeDecodeError as error:
        raise FileInvalid("The file is not encoded in UTF-8.") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # a number of thousands of digits is a ValueError
        raise FileInvalid("The file cannot be read: " + " ".join(str(error).split())) from error
    checked: dict[str, Any] = document
    return checked


def _read_json(text: str) -> Any:
    return json.loads(text, object_pairs_hook=_to_object)


def _to_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _value in pairs]
        raise FileInvalid(f"{next(name for name in names if names.count(name) > 1)}: is there twice.")
    return found


def check_document(document: Any) -> None:
    """Check a document against the schema. Raises FileInvalid with one line for each error."""
    if unfit := list(_list_unfit(document, "")):
        raise FileInvalid(*(f"{place}: has a character that cannot be stored." for place in unfit))
    errors = sorted(
        Draft202012Validator(build_schema()).iter_errors(document), key=lambda one: list(map(str, one.path))
    )
    if errors:
        raise FileInvalid(*(line for error in errors for line in _describe(error)))


def _list_unfit(value: Any, place: str) -> Iterator[str]:
    """Yield the places of texts with NUL or a lone surrogate, which PostgreSQL does not store."""
    if isinstance(value, str):
        if _UNFIT.search(value):
            yield place or "file"
    elif isinstance(value, dict):
        for name, below in value.items():
            yield from _list_unfit(name, place) if isinstance(name, str) else ()
            yield from _list_unfit(below, _join(place, _UNFIT.sub("?", str(name))))
    elif isinstance(value, list):
        for number, below in enumerate(value):
            yield from _list_unfit(below, f"{place}[{number}]")


def _describe(error: SchemaError) -> list[str]:
    """Return a line for each field that an error is about."""
    place = _place(error.absolute_path)
    allowed = error.validator_value
    if error.validator == "additionalProperties" and isinstance(error.schema.get("properties"), dict):
        known = error.schema["properties"]
        unknown = [name for name in error.instance if name not in known]
        return [f"{_join(place, name)}: no such field. Allowed: {', '.join(known)}." for name in unknown]
    if error.validator == "required":
        missing = [name for name in allowed if name not in error.instance]
        return [f"{_join(place, name)}: is missing." for name in missing if f"'{name}'" in error.message]
    words: dict[str, Callable[[], str]] = {
        "enum": lambda: "allowed are " + ", ".join(f"“{one}”" for one in allowed),
        "type": lambda: _describe_type(error),
        "pattern": lambda: f"must be {error.schema['description']}",
        "minLength": lambda: "must not be empty",
        "maxLength": lambda: f"has at most {allowed} characters",
        "minimum": lambda: f"must be at least {allowed}",
        "maximum": lambda: f"must be at most {allowed}",
        "uniqueItems": lambda: "has each code once only",
    }
    describe = words.get(str(error.validator))
    return [f"{place or 'file'}: {describe() if describe else error.message}."]


def _describe_type(error: SchemaError) -> str:
    """Return what a value must be; the fields of an object are named."""
    allowed = error.validator_value
    if allowed == "object" and "properties" in error.schema:
        return f"must have the fields {', '.join(error.schema['properties'])}"
    return f"must be of the type {' or '.join([allowed] if isinstance(allowed, str) else allowed)}"


def _place(parts: Any) -> str:
    text = ""
    for part in parts:
        text = f"{text}[{part}]" if isinstance(part, int) else _join(text, part)
    return text


def _join(place: str, name: str) -> str:
    return f"{place}.{name}" if place else str(name)
