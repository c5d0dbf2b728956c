"""Django app of roster imports."""

from paktaleem.foundation.extensions import config


class RostersConfig(config.PortalAppConfig):
    """Roster imports. Their tables belong to the label ``subjects``."""

    name = "paktaleem.directory.rosters"
    label = "rosters"
    handlers = (
        ("paktaleem.foundation.console.long_acts.long_acts", "paktaleem.directory.rosters.work.ROSTERS"),
        ("paktaleem.foundation.periods.kinds.data_kinds", "paktaleem.directory.rosters.data_kinds.list_kinds"),
        (
            "paktaleem.foundation.encryption.wrapped_secrets.wrapped_kinds",
            "paktaleem.directory.rosters.models.ROSTER_KEYS",
        ),
    )
