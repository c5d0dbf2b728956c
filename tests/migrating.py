"""Fast migrations, for tests that need the database and not Django's way of creating it.

Nine tenths of the time of a migrate is spent on rendering models. An index or a constraint does not change related
models, yet Django renders all of them: half of that time (django/db/migrations/state.py, ``_append_option``).
The tests of the demonstration run the real ``manage.py migrate``, as operators do.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db.migrations.state import ProjectState

__all__ = ["quickly"]

UNRELATED = ("_append_option", "_remove_option", "_alter_option")


@contextmanager
def quickly() -> Iterator[None]:
    """Within the block, let indexes and constraints re-render only their own model."""
    before = {name: getattr(ProjectState, name) for name in UNRELATED}
    try:
        for name, change in before.items():
            setattr(ProjectState, name, _alone(change))
        yield
    finally:
        for name, change in before.items():
            setattr(ProjectState, name, change)


def _alone(change: Any) -> Any:
    def changed(state: ProjectState, app_label: str, model_name: str, option: str, *details: Any) -> None:
        state.reload_model = lambda *_, **__: None  # type: ignore[method-assign]
        try:
            change(state, app_label, model_name, option, *details)
        finally:
            del state.reload_model
        if "apps" in vars(state):  # already rendered
            options = state.apps.get_model(app_label, model_name)._meta
            setattr(options, option, state.models[app_label, model_name].options[option])

    return changed
