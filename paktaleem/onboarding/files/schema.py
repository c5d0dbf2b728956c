"""The JSON Schema (2020-12) of the file of a client; ``manage.py load_client --schema`` prints it."""

from typing import Any

from django.conf import settings

from children.guardians.models.mechanisms import MechanismKind
from consent.agreements.models import ContactKind
from consent.register.models.purposes import ROLES, Basis
from paktaleem.foundation.accounts.thresholds import HIGHEST, LOWEST
from retention.schedule.models.rules import AnonymisationMethod, Disposal, Trigger

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
