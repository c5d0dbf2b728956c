"""Django app of runs."""

from paktaleem.foundation.operations.extensions import config


class RunsConfig(config.PortalAppConfig):
    """How far long background acts are that have no row of their own, such as invitations to many."""

    name = "paktaleem.foundation.upkeep.runs"
    label = "runs"
    verbose_name = "runs of long acts"
