"""The message catalogue: extracted from code and templates, stored in locale/, compiled, without GNU gettext.

``python -m tools.messages`` (``make messages``) updates and compiles locale/ur; the tests check that nothing is
missing. Django's ``makemessages`` does the same but requires the GNU gettext programs, which a clean clone need not
have.
"""

import os
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import django
import django.contrib.admin
from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.contrib.admin.utils import label_for_field
from django.utils.translation.template import templatize

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "paktaleem.settings")
django.setup()

from consent.decisions.facts import Action  # noqa: E402 -- the apps must be there first
from consent.decisions.reasons import Reason as Refusal  # noqa: E402
from paktaleem.directory.mail.services import list_message_kinds  # noqa: E402
from paktaleem.directory.people.copies.sections import list_sections  # noqa: E402
from paktaleem.directory.schools.oneroster.problems import ODDITY_TEXTS  # noqa: E402
from paktaleem.foundation.audit.names import ENTRY_KINDS, FACT_NAMES, FAMILY_NAMES  # noqa: E402
from paktaleem.foundation.console.history import list_compared_fields  # noqa: E402
from paktaleem.foundation.console.site import site  # noqa: E402
from paktaleem.foundation.console.translation import list_displayed_texts, list_field_texts  # noqa: E402
from paktaleem.foundation.errors import list_portal_errors  # noqa: E402
from paktaleem.foundation.text.normal_forms import MALFORMED  # noqa: E402
from tools.fact_keys import list_fact_keys  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent
PO = ROOT / "locale" / "ur" / "LC_MESSAGES" / "django.po"
MO = PO.with_suffix(".mo")
SCRIPTS_PO = PO.with_name("djangojs.po")
SCRIPTS = ("admin/DateTimeShortcuts.js", "calendar.js")
"""Django's scripts of the fields for days and times, of which Django has few Urdu translations."""
UNDATED = datetime(2026, 1, 1, tzinfo=UTC)  # a changing date would differ on every branch
PACKAGES = ("paktaleem", "children", "consent", "retention", "rights")
CODES = re.compile(r"[a-z]+_[a-z_]+|[a-z_]+ → [a-z_]+")
"""Codes are the same in every language."""
KEYWORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "render_state": (1,),
}


def found_messages() -> Catalog:
    """Return every message of the code and templates, with the files that contain it."""
    catalog = Catalog()
    for path, source in _sources():
        for _line, message, comments, context in extract(
            "python", BytesIO(source.encode()), KEYWORDS, ["Translators:"]
        ):
            here = [(str(path.relative_to(ROOT)), None)]
            if any(letter.isalpha() for letter in str(message)):
                catalog.add(message, None, here, context=context, auto_comments=comments)  # type: ignore[arg-type]  # no line numbers, so that the file changes less
    for where, words in console_words():
        if any(letter.isalpha() for letter in words) and not CODES.fullmatch(words):
            catalog.add(str(words), None, [(where, None)])  # type: ignore[list-item]  # no line numbers, so that the file changes less
    return catalog


def console_words() -> Iterator[tuple[str, str]]:
    """Yield the texts that the console translates when shown (headings, buttons, states …), with their app."""
    yield from ((error.__module__, error.console_message) for error in list_portal_errors())
    yield from (("consent/decisions/reasons.py", code.replace("_", " ")) for code in Refusal)
    yield from (("consent/decisions/facts.py", action.value) for action in Action)
    facts = {key: key.replace("_", " ") for key in sorted(list_fact_keys())} | FACT_NAMES
    yield from (("facts of the ledger", words) for words in facts.values())
    yield from (("acts of the ledger", words) for words in FAMILY_NAMES.values())
    for entry in ENTRY_KINDS:
        yield from (("acts of the ledger", words) for words in (entry.name, *(event.label for event in entry.events)))
    yield "paktaleem/foundation/text/normal_forms.py", MALFORMED
    columns = ((section.tables[0], column) for section in list_sections() for column in section.columns)
    yield from ((table, str(column.title)) for table, column in columns)
    yield from (("rosters", words) for text in ODDITY_TEXTS.values() for words in text)
    ours = (kind.code for kind in list_message_kinds() if (ROOT / f"templates/mail/{kind.code}.en.txt").exists())
    yield from (("mail", code.replace("_", " ").capitalize()) for code in ours)  # tests declare kinds of their own
    admins: list[Any] = list(site._registry.values())
    for admin in admins:
        where, opts = str(admin.opts.label), admin.opts
        yield from ((where, str(name)) for name in (opts.verbose_name, opts.verbose_name_plural))
        for column in admin.list_display:
            yield where, str(label_for_field(column, admin.model, admin))
        yield from ((where, str(one.verbose_name)) for one in opts.concrete_fields if one.name in admin.row_fields)
        yield from (
            (where, str(one.title)) for one in admin.list_filter if hasattr(one, "title") and not isinstance(one, str)
        )
        yield from ((where, str(one.verbose_name)) for one in opts.concrete_fields if one.name in admin.list_filter)
        yield from ((where, words) for words in (admin.intro, admin.empty_text, admin.search_help_text or "") if words)
        yield from ((where, str(words)) for words in admin.refusals.values())
        for act in admin.all_acts():
            yield from ((where, words) for words in (act.label, act.lead, act.done, *act.refusals.values()) if words)
            yield from ((where, words) for words in list_field_texts(act.form.base_fields) if words)
        yield from ((where, words) for words in list_field_texts(admin.form.declared_fields) if words)
        yield from ((where, str(one)) for one in _words_of_fields_of(admin))


def _words_of_fields_of(admin: Any) -> Iterator[str]:
    opts = admin.opts
    shown = ("owner", *admin.row_fields, *admin.detail_fields, *admin.effect_fields)
    labels, helps = list_displayed_texts(admin, shown)
    yield from (*labels.values(), *helps.values())
    if hasattr(admin.model, "history"):
        yield from (str(field.verbose_name) for field in list_compared_fields(admin.model))
    for field in opts.concrete_fields:
        yield from (label for code, label in field.flatchoices if code != label)


def _as_lines_of_python(template: str) -> str:
    return "\n".join(line.lstrip() for line in template.split("\n"))


def _sources() -> Iterator[tuple[Path, str]]:
    for path in sorted((ROOT / "templates").rglob("*.html")):
        yield path, _as_lines_of_python(templatize(path.read_text(encoding="utf-8"), origin=str(path)))
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path, path.read_text(encoding="utf-8")


def found_script_messages() -> Catalog:
    """Return every message of ``SCRIPTS``."""
    catalog, keywords = (
        Catalog(),
        {name: KEYWORDS[name] for name in ("gettext", "gettext_noop", "ngettext", "pgettext")},
    )
    for name in SCRIPTS:
        with (Path(django.contrib.admin.__file__).parent / "static" / "admin" / "js" / name).open("rb") as file:
            for _line, message, _comments, context in extract("javascript", file, keywords, []):
                catalog.add(message, None, [(name, 1)], context=context)  # lines are not written
    return catalog


def kept_messages(path: Path = PO) -> Catalog:
    """Return a stored catalogue."""
    with path.open("rb") as file:
        return read_po(file, locale="ur", domain=path.stem)


def compiled(catalog: Catalog) -> bytes:
    buffer = BytesIO()
    write_mo(buffer, catalog)
    return buffer.getvalue()


def bring_up_to_date() -> None:
    """Add new messages, remove obsolete ones, preserve translations, and compile: of the portal and of scripts."""
    for path, found in ((PO, found_messages()), (SCRIPTS_PO, found_script_messages())):
        _update(path, found)


def _update(path: Path, found: Catalog) -> None:
    catalog = kept_messages(path) if path.exists() else Catalog(locale="ur", domain=path.stem)
    catalog.update(found, no_fuzzy_matching=True)
    catalog.obsolete.clear()
    catalog.header_comment = "# The portal's words in Urdu. `make messages` keeps this file up to date and compiles it."
    catalog.project, catalog.version = "PakTaleem privacy portal", "1"
    catalog.fuzzy = False
    catalog.creation_date = catalog.revision_date = UNDATED
    with path.open("wb") as file:
        write_po(file, catalog, width=120, sort_output=True, include_lineno=False, ignore_obsolete=True)
    path.with_suffix(".mo").write_bytes(compiled(kept_messages(path)))


if __name__ == "__main__":
    bring_up_to_date()
    kept = [*kept_messages(), *kept_messages(SCRIPTS_PO)]
    untranslated = [str(message.id) for message in kept if message.id and not message.string]
    sys.stderr.write("".join(f"Not translated yet: {one}\n" for one in untranslated))
