"""Django app of inventories."""

from paktaleem.foundation.operations import extensions


class InventoriesConfig(extensions.PortalAppConfig):
    """Inventories of systems, and the differences that they show."""

    name = "retention.inventories"
    verbose_name = "inventories"
