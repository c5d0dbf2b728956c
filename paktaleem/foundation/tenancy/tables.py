"""A migration operation that creates all tables of an app at once.

Every model has a ``wall`` and, if it has text, JSON or file fields, their ``personal`` classification. A system check
(``paktaleem.foundation.tenancy.checks``) rejects a model without them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from django.db.backends.base.schema import BaseDatabaseSchemaEditor as Editor
from django.db.migrations import CreateModel
from django.db.migrations.operations.base import Operation, OperationCategory
from django.db.migrations.state import ProjectState as State


class CreateTables(Operation):
    """Create several tables, and render Django's historical models once for all of them.

    For each single ``CreateModel`` Django renders again every model that is linked to the new one, and almost all
    models are linked through ``Client``. New models change no existing one, so rendering the new ones is enough.
    """

    reduces_to_sql = True
    reversible = True
    category = OperationCategory.ADDITION

    def __init__(self, *models: CreateModel) -> None:
        self.models = models

    def state_forwards(self, app_label: str, state: State) -> None:
        rendered = vars(state).pop("apps", None)
        for model in self.models:
            model.state_forwards(app_label, state)
        if rendered is not None:
            rendered.render_multiple([state.models[app_label, model.name_lower] for model in self.models])
            state.apps = rendered

    def database_forwards(self, app_label: str, schema_editor: Editor, from_state: State, to_state: State) -> None:
        for model in self.models:
            model.database_forwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(self, app_label: str, schema_editor: Editor, from_state: State, to_state: State) -> None:
        for model in reversed(self.models):
            model.database_backwards(app_label, schema_editor, from_state, to_state)

    def describe(self) -> str:
        return f"Create tables of {', '.join(model.name for model in self.models)}"


READ = frozenset({"SELECT"})
APPEND = frozenset({"SELECT", "INSERT"})
EDIT = frozenset({"SELECT", "INSERT", "UPDATE"})


class Scope(StrEnum):
    TENANT = "tenant"
    """each row belongs to one client and is visible in that client's context only"""
    CATALOGUE = "catalogue"
    """as TENANT, but every client may read rows owned by PakTaleem"""
    GLOBAL = "global"
    """no client; needs a reason"""


class Personal(StrEnum):
    """Classification of a text, JSON, binary or file field."""

    NONE = "none"
    """no personal data: codes, register texts, settings"""
    PSEUDONYM = "pseudonym"
    """a pseudonymous identifier: an id, a keyed hash"""
    SEALED = "sealed"
    """personal data, encrypted under the person's own key"""
    STAFF = "staff"
    """a staff member's work email address or name, needed to sign in"""
    SECRET = "secret"  # noqa: S105 -- a classification, not a password
    """a credential, stored only as a digest or wrapped by a key outside the database"""


def classify(
    *, none: str = "", pseudonym: str = "", sealed: str = "", staff: str = "", credential: str = ""
) -> dict[str, Personal]:
    """Return the classification of fields, named by kind: ``classify(none="kind state", sealed="note")``."""
    kinds = zip(Personal, (none, pseudonym, sealed, staff, credential), strict=True)  # in the order of their class
    return {field: kind for kind, names in kinds for field in names.split()}


class Limited(StrEnum):
    """Rows of a table that a member of staff limited to schools sees and writes (``school_limits``)."""

    BY_PERSON = "by_person"
    """rows about people of those schools, found by the foreign keys; without such a key, nothing"""
    READ = "read"
    """sees every row, and writes none: the register, schools, the client itself"""
    JOURNAL = "journal"
    """sees and writes rows whose ``subject_id`` is a person of those schools, and adds rows without one"""
    BY_SCHOOLS = "by_schools"
    """sees and writes rows whose own ``school_ids`` are those schools or fewer: memberships, forms on paper"""
    CLASSES = "classes"
    """sees every row, or those about people of those schools, and writes those of classes of those schools"""


@dataclass(frozen=True)
class TablePolicy:
    """Access declaration of one table.

    ``rights`` are the SQL privileges of the app role; an evidence table gets at most APPEND. ``looked_up`` lets the
    owner's SECURITY DEFINER functions read the table before a client context is open (API key, membership).
    ``owner_column`` names the client column. ``officer`` is True if officers may read it across all clients.
    ``left_out_of_copies`` is why a copy of a person's data leaves the table out although it has fields about people.
    ``disposed_as`` is the kind of data (``periods.data_kinds``) as which its rows, or what identifies people in them,
    are disposed of; ``kept_for_good`` is why they are not. ``disposed_from`` is the time field from which the period of
    rows that are deleted is counted.
    ``limited`` is what staff limited to schools see; they read every row of a catalogue table.
    Raises ValueError for a global table without a ``reason``.
    """

    rights: frozenset[str]
    scope: Scope = Scope.TENANT
    reason: str = ""
    looked_up: bool = False
    owner_column: str = "client_id"
    officer: bool = True
    left_out_of_copies: str = ""
    disposed_as: str = ""
    disposed_from: str = ""
    kept_for_good: str = ""
    limited: Limited = Limited.BY_PERSON
    personal: Mapping[str, Personal] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.scope is Scope.GLOBAL and not self.reason:
            raise ValueError("A global table needs a reason for having no client.")
        if self.scope is Scope.CATALOGUE and self.limited is Limited.BY_PERSON:
            object.__setattr__(self, "limited", Limited.READ)
