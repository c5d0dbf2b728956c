"""Migrating quickly, where it is the database that is wanted and not the way in which Django comes to it.

Nine tenths of a migrate are spent on rendering models anew. An index or a constraint changes none of the models that
refer to its own, yet Django renders all of them: half of that time (django/db/migrations/state.py, ``_append_option``).
``manage.py migrate`` itself, as operators run it, is what the demonstration's tests start with.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db.migrations.state import ProjectState

__all__ = ["quickly"]

UNRELATED = ("_append_option", "_remove_option", "_alter_option")


@contextmanager
def quickly() -> Iterator[None]:
    """While the block runs, let indexes and constraints change their own model alone."""
    before = {name: getattr(ProjectState, name) for name in UNRELATED}
    try:
        for name, change in before.items():
            setattr(ProjectState, name, _alone(change))
        yield
    finally:
        for name, change in before.items():
            setattr(ProjectState, name, change)


def _alone(change: Any) -> Any:
    def changed(state: ProjectState, app_label: str, model_name: str, option: str, *told: Any) -> None:
        state.reload_model = lambda *_, **__: None  # type: ignore[method-assign]
        try:
            change(state, app_label, model_name, option, *told)
        finally:
            del state.reload_model
        if "apps" in vars(state):  # rendered already
            options = state.apps.get_model(app_label, model_name)._meta
            setattr(options, option, state.models[app_label, model_name].options[option])

    return changed
