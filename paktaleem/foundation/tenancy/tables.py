"""A migration operation that creates all tables of an app at once."""

from typing import Any

from django.db.migrations import CreateModel
from django.db.migrations.operations.base import Operation, OperationCategory


class CreateTables(Operation):
    """Create several tables, and render Django's historical models once for all of them.

    For each single ``CreateModel`` Django renders again every model that is linked to the new one, and almost all
    models are linked through ``Client``. New models change no existing one, so rendering the new ones is enough.
    """

    reduces_to_sql = True
    reversible = True
    category = OperationCategory.ADDITION

    def __init__(self, *models: CreateModel) -> None:
        """Name the tables in the order in which they are created."""
        self.models = models

    def state_forwards(self, app_label: str, state: Any) -> None:
        """Add all models to the state, then render them together."""
        rendered = vars(state).pop("apps", None)
        for model in self.models:
            model.state_forwards(app_label, state)
        if rendered is not None:
            rendered.render_multiple([state.models[app_label, model.name_lower] for model in self.models])
            state.apps = rendered

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        """Create the tables."""
        for model in self.models:
            model.database_forwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        """Drop the tables, the last one first."""
        for model in reversed(self.models):
            model.database_backwards(app_label, schema_editor, from_state, to_state)

    def describe(self) -> str:
        """Name the tables for ``migrate --plan``."""
        return f"Create tables of {', '.join(model.name for model in self.models)}"
