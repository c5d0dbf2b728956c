"""Reading and writing the file: YAML or JSON, with safe constructors only."""

import json
import re
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError as SchemaError

from children.guardians.models.mechanisms import MechanismKind
from consent.agreements.models import ContactKind
from consent.register.models.purposes import ROLES, Basis
from paktaleem.foundation.accounts.thresholds import HIGHEST, LOWEST
from paktaleem.foundation.errors import PortalError
from retention.schedule.models import AnonymisationMethod, Disposal, Trigger

_CODE = {
    "type": "string",
    "pattern": "^[a-z][a-z0-9_]{1,62}$",
    "description": "2 to 63 characters of a–z, 0–9 and _, starting with a letter, such as mehran",
}
_COUNTRY = {
    "type": "string",
    "pattern": "^[A-Z]{2}$",
    "description": "a two-letter code of ISO 3166 in capitals, such as PK",
}
_CODES = {"type": "array", "items": _CODE, "uniqueItems": True}
_BOTH = {
    "type": "object",
    "properties": {"en": {"type": "string", "minLength": 1}, "ur": {"type": "string", "minLength": 1}},
    "required": ["en", "ur"],
    "additionalProperties": False,
}
_TIME = {
    "type": "string",
    "pattern": r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})$",
    "description": "a time with its offset, such as 2026-11-28T09:00:00+05:00",
}
_BOOLEAN = {"type": "boolean"}
_PERIOD = {
    "type": "string",
    "pattern": r"^P(?=\d)(\d+Y)?(\d+M)?(\d+W)?(\d+D)?$",
    "description": "a period of ISO 8601, such as P30D or P1Y6M",
}
_DAY = {
    "type": ["string", "null"],
    "pattern": r"^\d{4}-\d{2}-\d{2}$",
    "description": "a day, such as 2026-11-28",
}


def _text(most: int, *, least: int = 1) -> dict[str, Any]:
    return {"type": "string", "minLength": least, "maxLength": most}


def _record(required: str, **properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": required.split(),
        "additionalProperties": False,
    }


def _list(required: str, **properties: Any) -> dict[str, Any]:
    return {"type": "array", "items": _record(required, **properties)}


def _roles(*more: str) -> dict[str, Any]:
    return {"enum": [*more, *(code for code, _name in ROLES)]}


def build_schema() -> dict[str, Any]:
    """Return the schema of the file: what is not in the file is left as it is stored."""
    sections = {**_sections_of_both_sides(), **_sections_of_register()}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A client of the PakTaleem privacy portal",
        **_record("client", **sections),
    }


def _sections_of_both_sides() -> dict[str, Any]:
    return {
        "client": _record(
            "code",
            code=_CODE,
            name=_text(200),
            country=_COUNTRY,
            address=_text(300, least=0),
            time_zone=_text(64),
            serves_minors=_BOOLEAN,
            age_threshold={"type": "integer", "minimum": LOWEST, "maximum": HIGHEST},
            country_thresholds={
                "type": "object",
                "propertyNames": _COUNTRY,
                "additionalProperties": {"type": "integer", "minimum": LOWEST, "maximum": HIGHEST},
            },
            is_sandbox=_BOOLEAN,
            ground=_text(2000),
        ),
        "contacts": _list(
            "kind",
            kind={"enum": ContactKind.values},
            person=_text(255),
            name=_text(300),
            email=_text(254),
            phone=_text(40, least=0),
            language={"enum": [code for code, _name in settings.LANGUAGES]},
        ),
        "agreement": _record("reference", reference=_text(100), starts_at=_TIME, ends_at=_TIME, exit_until=_TIME),
        "instructions": _list(
            "document purposes categories", document=_text(200), purposes=_CODES, categories=_CODES, recipients=_CODES
        ),
        "mechanisms": _list(
            "kind description reference",
            kind={"enum": MechanismKind.values},
            description={**_BOTH, "required": ["en"]},
            reference=_text(200),
            provider=_text(63, least=0),
        ),
    }


def _sections_of_register() -> dict[str, Any]:
    return {
        "purposes": _list(
            "code",
            code=_CODE,
            name=_BOTH,
            description=_BOTH,
            categories=_CODES,
            dpv_term=_text(100, least=0),
            is_active=_BOOLEAN,
            needs_account=_BOOLEAN,
            consent_months={"type": ["integer", "null"], "minimum": 1},
            renew_days={"type": "integer", "minimum": 0},
        ),
        "bases": _list(
            "purpose role basis",
            purpose=_CODE,
            role=_roles(),
            basis={"enum": Basis.values},
            legal_reference=_text(300, least=0),
        ),
        "notices": _list(
            "code",
            code=_CODE,
            title=_BOTH,
            purposes=_CODES,
            addresses_children=_BOOLEAN,
            is_material=_BOOLEAN,
            text=_BOTH,
            child_text=_BOTH,
        ),
        "retention": _list(
            "category purpose trigger period action ground",
            category=_CODE,
            purpose=_CODE,
            role=_roles(""),
            trigger={"enum": Trigger.values},
            fixed_on=_DAY,
            period=_PERIOD,
            action={"enum": Disposal.values},
            method={"enum": ["", *AnonymisationMethod.values]},
            is_automatic=_BOOLEAN,
            ground=_BOTH,
        ),
    }


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


_LONGEST = 60


@dataclass(slots=True)
class Report:
    """Lines about a file: ``changes`` made, ``waiting`` for a person, and ``errors`` for which all is rolled back."""

    changes: list[str] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def add(self, place: str) -> None:
        """Report a new row."""
        self.changes.append(f"{place}: new")

    def change(self, place: str, differences: Mapping[str, tuple[Any, Any]]) -> None:
        """Report the changed fields of a row."""
        self.changes += [f"{place}.{name}: {_show(old)} → {_show(new)}" for name, (old, new) in differences.items()]

    def refuse(self, place: str, text: str, *, field: str = "") -> None:
        """Report an error of a section or a row, or of one of its fields."""
        self.errors.append(f"{name_field(place, field)}: {text}")

    @contextmanager
    def errors_of(self, place: str) -> Iterator[None]:
        """Report what a service refuses under its place in the file; nothing of the act is kept then."""
        try:
            with transaction.atomic():
                yield
        except ValidationError as error:
            self._add_errors(place, error)
        except PortalError as error:
            self.refuse(place, str(error.console_message) or str(error))

    def _add_errors(self, place: str, error: ValidationError) -> None:
        if not hasattr(error, "error_dict"):
            self.errors += [f"{place}: {text}" for text in error.messages]
            return
        for name, texts in error.message_dict.items():
            where = name_field(place, "" if name == "__all__" else name)
            self.errors += [f"{where}: {text}" for text in texts]


def name_field(place: str, field: str) -> str:
    """Return the name of a field in the file; of its row or section, if ``field`` is empty."""
    return f"{place}.{field}" if field else place


def _show(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return str(value).lower()
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value)) or "none"
    text = " ".join(str(value).split())
    return f"“{text if len(text) <= _LONGEST else text[:_LONGEST] + '…'}”"
