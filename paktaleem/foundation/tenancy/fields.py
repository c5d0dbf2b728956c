"""Fields of our own that migrations write as the Django field that stores them, so that they import no app."""

from typing import Any, ClassVar


class MigratesAs:
    """Mixin of a field class: ``migrates_as`` is the path of the Django field that migrations name.

    A field's own validators go into ``default_validators``, which migrations leave out.
    """

    migrates_as: ClassVar[str]

    def deconstruct(self) -> Any:
        """Return the field for migrations, under the Django field's path."""
        name, _, positional, named = super().deconstruct()  # type: ignore[misc]  # of the field class beside this mixin
        return name, self.migrates_as, positional, named
