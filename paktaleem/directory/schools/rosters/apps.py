"""Django app of roster imports."""

from paktaleem.foundation.operations.extensions import config


class RostersConfig(config.PortalAppConfig):
    """Roster imports. Their tables belong to the label ``subjects``."""

    name = "paktaleem.directory.schools.rosters"
    label = "rosters"
    handlers = (
        ("paktaleem.foundation.console.long_acts.long_acts", "paktaleem.directory.schools.rosters.work.ROSTERS"),
        (
            "paktaleem.foundation.upkeep.periods.kinds.data_kinds",
            "paktaleem.directory.schools.rosters.importing.uploads.ROSTER_FILES",
        ),
        (
            "paktaleem.foundation.encryption.wrapped_secrets.wrapped_kinds",
            "paktaleem.directory.schools.rosters.models.ROSTER_KEYS",
        ),
    )
