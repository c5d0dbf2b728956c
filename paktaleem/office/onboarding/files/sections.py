"""The sections of the file of a client: each compares what is stored and calls the service of the act."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import QuerySet

from children.guardians.services.checks import declare_mechanism
from consent.agreements.selectors import list_contacts
from consent.agreements.services import add_contact
from consent.notices.models import Notice
from consent.notices.selectors.public import find_purposes
from consent.notices.services.publishing import publish_notice_version
from consent.register.effects import WeakensSafeguard
from consent.register.models.agreements import Instruction, Recipient, ServiceAgreement
from consent.register.models.purposes import Basis, DataCategory, LawfulBasis, Purpose
from consent.register.services.register import change_register, end_period
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.selectors import search_subjects
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from paktaleem.office.onboarding.files.exporting import (
    find_agreement,
    list_current_bases,
    list_current_rules,
    list_mechanisms,
    list_notices,
    list_open_instructions,
)
from paktaleem.office.onboarding.files.reading import Report
from retention.schedule.models import RetentionRule
from retention.schedule.services.rules import end_rule, save_rule

_SIGNED = (
    "both sides have signed this agreement: an administrator of the client changes its instructions in the console"
)
_NEW_AGREEMENT = "both sides have signed this agreement: it does not change here, both sides sign a new one"
_WEAKENS = (
    "weakens a safeguard: an officer or an administrator requests it in the console with a ground, and a second person "
    "approves it"
)
_UNKNOWN_PURPOSE = "no purpose of this client or of PakTaleem has this code"


_CODES: Mapping[str, type[Any]] = {"purposes": Purpose, "categories": DataCategory, "recipients": Recipient}


@dataclass(frozen=True, slots=True)
class Loading:
    """One run: the client, the report, who loads when, and the agreement that the file names, if any."""

    client: Client
    report: Report
    actor: Actor
    at: datetime
    reference: str = ""

    @property
    def stamp(self) -> dict[str, Any]:
        """Return the arguments that every service takes."""
        return {"actor": self.actor, "reason": Reason.ONBOARDING, "at": self.at}


def find_differences(row: Any, wanted: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Return the fields of a row that differ, with the stored and the wanted value."""
    found = {name: (getattr(row, name), value) for name, value in wanted.items()}
    return {name: (old, new) for name, (old, new) in found.items() if old != new}


def _flatten(item: Mapping[str, Any], *texts: str) -> dict[str, Any]:
    """Return an item with ``name: {en, ur}`` as ``name_en`` and ``name_ur``."""
    found = {name: value for name, value in item.items() if name not in texts}
    for name in texts:
        found |= {f"{name}_{language}": text for language, text in item.get(name, {}).items()}
    return found


def load_contacts(loading: Loading, items: list[dict[str, Any]]) -> None:
    """Add the contacts that the client does not have; those of the file are recognised by id or email address."""
    for number, item in enumerate(items):
        place = f"contacts[{number}]"
        stored = list_contacts(loading.client.pk, at=loading.at).filter(kind=item["kind"])
        people = Subject.objects.filter(pk__in=stored.values("subject_id"))
        if _is_contact(people, item):
            continue
        if "person" in item:
            loading.report.refuse(place, "no such contact: give name and email of a new one", field="person")
            continue
        with loading.report.errors_of(place):
            details = {name: item.get(name, "") for name in ("email", "phone")}
            add_contact(
                loading.client,
                kind=item["kind"],
                full_name=item.get("name", ""),
                language=item.get("language", "en"),
                **details,
                **loading.stamp,
            )
            loading.report.add(f"{place} ({item['kind']})")


def _is_contact(people: QuerySet[Subject], item: dict[str, Any]) -> bool:
    if "person" in item:
        return people.filter(external_id=item["person"]).exists()
    return "email" in item and search_subjects(people, item["email"]).exists()


def load_agreement(loading: Loading, item: dict[str, Any]) -> None:
    """Add the draft of an agreement, or change one; both sides sign it in the console."""
    wanted = {"reference": item["reference"], **_read_times(item)}
    row = _lock_agreement(loading, reference=item["reference"])
    if row is None:
        row = ServiceAgreement(client_id=loading.client.pk, **{"starts_at": loading.at, **wanted})
        with loading.report.errors_of("agreement"):
            change_register(row, **loading.stamp)
            loading.report.add(f"agreement {item['reference']}")
    elif differences := find_differences(row, wanted):
        _change_agreement(loading, row, differences)
    if row.signed_at is None:
        loading.report.waiting.append(f"agreement {item['reference']}: both sides sign the draft in the console.")


def _read_times(item: Mapping[str, Any]) -> dict[str, datetime]:
    return {name: datetime.fromisoformat(item[name]) for name in ("starts_at", "ends_at", "exit_until") if name in item}


def _change_agreement(loading: Loading, row: ServiceAgreement, differences: dict[str, tuple[Any, Any]]) -> None:
    if row.signed_at is not None:
        for name in differences:
            loading.report.refuse("agreement", _NEW_AGREEMENT, field=name)
        return
    with loading.report.errors_of("agreement"):
        for name, (_old, new) in differences.items():
            setattr(row, name, new)
        change_register(row, **loading.stamp)
        loading.report.change("agreement", differences)


def load_purposes(loading: Loading, items: list[dict[str, Any]]) -> None:
    """Add or change purposes of the client's own."""
    own = {one.code: one for one in Purpose.objects.filter(client_id=loading.client.pk)}
    for number, item in enumerate(items):
        place = f"purposes[{number}]"
        if not _refuse_unknown(loading, place, {"categories": item.get("categories", [])}):
            _load_row(loading, place, Purpose, own.get(item["code"]), _flatten(item, "name", "description"))


def _load_row(loading: Loading, place: str, model: type[Any], row: Any, wanted: dict[str, Any]) -> Any:
    """Add or change a row of the register without a period; return it."""
    name = f"{place} ({wanted['code']})"
    differences = {} if row is None else find_differences(row, wanted)
    if row is not None and not differences:
        return row
    with loading.report.errors_of(place):
        changed = model(client_id=loading.client.pk) if row is None else row
        for field, value in wanted.items():
            setattr(changed, field, value)
        change_register(changed, **loading.stamp)
        if row is None:
            loading.report.add(name)
        loading.report.change(name, differences)
        return changed
    return row


def load_bases(loading: Loading, items: list[dict[str, Any]]) -> None:
    """Add the lawful bases that differ from those stored; one that weakens a safeguard is refused."""
    stored = {(one.purpose.code, one.role): one for one in list_current_bases(loading.client.pk, at=loading.at)}
    purposes = find_purposes(loading.client.pk, {item["purpose"] for item in items})
    for number, item in enumerate(items):
        place = f"bases[{number}]"
        wanted = {"basis": item["basis"], "legal_reference": item.get("legal_reference", "")}
        before = stored.get((item["purpose"], item["role"]))
        if before is not None and not find_differences(before, wanted):
            continue
        if item["purpose"] not in purposes:
            loading.report.refuse(place, _UNKNOWN_PURPOSE, field="purpose")
            continue
        row = LawfulBasis(
            client_id=loading.client.pk,
            purpose=purposes[item["purpose"]],
            role=item["role"],
            starts_at=loading.at,
            **wanted,
        )
        _add_basis(loading, place, row)


def _add_basis(loading: Loading, place: str, row: LawfulBasis) -> None:
    with loading.report.errors_of(place):
        try:
            change_register(row, **loading.stamp)
        except WeakensSafeguard:
            loading.report.refuse(place, _WEAKENS, field="basis")
            return
        loading.report.add(f"{place} ({row.purpose.code}, {row.role}: {row.basis})")
        if row.basis == Basis.LEGITIMATE_INTEREST:
            loading.report.waiting.append(f"{place}: an officer signs its balancing test in the console.")


def load_instructions(loading: Loading, items: list[dict[str, Any]]) -> None:
    """Add the instructions of the agreement that are new, and replace those that differ; not once it is signed."""
    current = None if loading.reference else find_agreement(loading.client, at=loading.at)
    agreement = _lock_agreement(loading, reference=current.reference if current else loading.reference)
    if agreement is None:
        loading.report.refuse("agreement", "is missing: instructions belong to an agreement")
        return
    stored = {one.document: one for one in list_open_instructions(agreement, at=loading.at)}
    for number, item in enumerate(items):
        place = f"instructions[{number}]"
        if not _refuse_unknown(loading, place, item):
            _load_instruction(loading, place, agreement, stored.get(item["document"]), item)


def _load_instruction(
    loading: Loading, place: str, agreement: ServiceAgreement, before: Instruction | None, item: Mapping[str, Any]
) -> None:
    wanted = {name: item.get(name, []) for name in _CODES}
    if before is not None and all(set(getattr(before, name)) == set(codes) for name, codes in wanted.items()):
        return
    if agreement.signed_at is not None and not loading.client.is_sandbox:
        loading.report.refuse(place, _SIGNED)
        return
    row = Instruction(client_id=loading.client.pk, agreement=agreement, starts_at=loading.at, **wanted)
    row.document = item["document"]
    with loading.report.errors_of(place):
        _replace(loading, f"{place} ({row.document})", before, row)


def _lock_agreement(loading: Loading, *, reference: str) -> ServiceAgreement | None:
    """Lock and return an agreement, so that no one signs it before its instructions are written; None if unknown."""
    rows = ServiceAgreement.objects.select_for_update()
    found: ServiceAgreement | None = rows.filter(client_id=loading.client.pk, reference=reference).first()
    return found


def _refuse_unknown(loading: Loading, place: str, item: Mapping[str, Any]) -> bool:
    """Report the codes of an item that no row of the client or of PakTaleem has; return True if there are any."""
    found = False
    for name, model in _CODES.items():
        codes = model._default_manager.filter(client_id__in=[loading.client.pk, PAKTALEEM]).values_list(
            "code", flat=True
        )
        unknown = sorted(set(item.get(name, [])) - set(codes)) if item.get(name) else []
        if unknown:
            allowed = ", ".join(sorted(codes)) or "none"
            loading.report.refuse(place, f"{', '.join(unknown)}: no such code. Allowed: {allowed}", field=name)
            found = True
    return found


def _replace(loading: Loading, name: str, before: Instruction | None, row: Instruction) -> None:
    if before is not None:
        end_period(before, **loading.stamp)
    change_register(row, **loading.stamp)
    if before is None:
        loading.report.add(name)
        return
    loading.report.change(name, find_differences(before, {code: getattr(row, code) for code in _CODES}))


def load_mechanisms(loading: Loading, items: list[dict[str, Any]]) -> None:
    """Declare how the client verifies ages and obtains guardians' consent, where it differs."""
    stored = {one.kind: one for one in list_mechanisms(loading.client.pk)}
    for number, item in enumerate(items):
        texts = item["description"]
        wanted = {
            "description": texts["en"].strip(),
            "description_ur": texts.get("ur", "").strip(),
            "reference": item["reference"].strip(),
            "provider": item.get("provider", ""),
        }
        before = stored.get(item["kind"])
        differences = {} if before is None else find_differences(before, wanted)
        if before is not None and not differences:
            continue
        with loading.report.errors_of(f"mechanisms[{number}]"):
            declare_mechanism(loading.client.pk, kind=item["kind"], **wanted, **loading.stamp)
            name = f"mechanisms[{number}] ({item['kind']})"
            if before is None:
                loading.report.add(name)
            loading.report.change(name, differences)


def load_notices(loading: Loading, items: list[dict[str, Any]]) -> None:
    """Add or change notices of the client's own; another text is published as the next version, in effect at once."""
    stored = {notice.code: (notice, version) for notice, version in list_notices(loading.client.pk)}
    for number, item in enumerate(items):
        place = f"notices[{number}]"
        notice, version = stored.get(item["code"], (None, None))
        wanted = _flatten(
            {name: value for name, value in item.items() if name not in {"text", "child_text", "is_material"}}, "title"
        )
        row = _load_row(loading, place, Notice, notice, wanted)
        texts: dict[str, Any] = {name: text.strip() for name, text in _texts_of(item).items()}
        if row is None or not texts or (version is not None and not find_differences(version, texts)):
            continue
        with loading.report.errors_of(f"{place}.text"):
            publish_notice_version(
                row,
                **texts,
                is_material=item.get("is_material", True),
                effective_at=loading.at,
                **loading.stamp,
            )
            loading.report.add(f"{place} ({item['code']}), version of the text")


def _texts_of(item: Mapping[str, Any]) -> dict[str, str]:
    named = {name: item[name] for name in ("text", "child_text") if name in item}
    return {f"{name}_{language}": text for name, both in named.items() for language, text in both.items()}


def load_retention(loading: Loading, items: list[dict[str, Any]]) -> None:
    """Add the client's own retention rules, and replace those that differ, from now on."""
    rules = list_current_rules(loading.client.pk, at=loading.at)
    stored = {(one.category, one.purpose.code, one.role): one for one in rules}
    purposes = find_purposes(loading.client.pk, {item["purpose"] for item in items})
    for number, item in enumerate(items):
        place = f"retention[{number}]"
        before = stored.get((item["category"], item["purpose"], item.get("role", "")))
        if before is not None and not find_differences(before, _read_rule(item)):
            continue
        if item["purpose"] not in purposes:
            loading.report.refuse(place, _UNKNOWN_PURPOSE, field="purpose")
            continue
        row = RetentionRule(client_id=loading.client.pk, purpose=purposes[item["purpose"]], starts_at=loading.at)
        for name, value in (("category", item["category"]), ("role", item.get("role", "")), *_read_rule(item).items()):
            setattr(row, name, value)
        with loading.report.errors_of(place):
            _replace_rule(loading, f"{place} ({row.category}, {row.purpose.code})", before, row)


def _replace_rule(loading: Loading, name: str, before: RetentionRule | None, row: RetentionRule) -> None:
    differences = {} if before is None else find_differences(before, {one: getattr(row, one) for one in _RULE})
    if before is not None:
        end_rule(before, **loading.stamp)
    save_rule(row, **loading.stamp)
    if before is None:
        loading.report.add(name)
    loading.report.change(name, differences)


_RULE = ("trigger", "fixed_on", "period", "action", "method", "is_automatic", "ground_en", "ground_ur")


def _read_rule(item: Mapping[str, Any]) -> dict[str, Any]:
    fixed_on = item.get("fixed_on")
    return {
        "trigger": item["trigger"],
        "fixed_on": date.fromisoformat(fixed_on) if fixed_on else None,
        "period": item["period"],
        "action": item["action"],
        "method": item.get("method", ""),
        "is_automatic": item.get("is_automatic", False),
        "ground_en": item["ground"]["en"],
        "ground_ur": item["ground"]["ur"],
    }


SECTIONS: Mapping[str, Callable[[Loading, Any], None]] = {
    "contacts": load_contacts,
    "agreement": load_agreement,
    "purposes": load_purposes,
    "bases": load_bases,
    "instructions": load_instructions,
    "mechanisms": load_mechanisms,
    "notices": load_notices,
    "retention": load_retention,
}
"""The sections in the order in which they are loaded: a row first, then what refers to it."""
