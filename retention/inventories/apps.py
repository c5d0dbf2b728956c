"""Django app of inventories."""

from paktaleem.foundation.operations.extensions import PortalAppConfig, entry


class InventoriesConfig(PortalAppConfig):
    """Inventories of systems, and the differences that they show."""

    name = "retention.inventories"
    verbose_name = "inventories"
    handlers = (
        ("paktaleem.directory.people.extension_points.before_erasure", ".services.forget_hashes"),
        ("paktaleem.foundation.upkeep.periods.kinds.data_kinds", ".services.HASHES"),
    )
    families = "inventory: Inventories"
    ledger = (
        entry("inventory.answered", "Inventory answered by a system"),
        entry("inventory.decided", "Difference in an inventory decided"),
        entry("inventory.ordered", "Inventories ordered of systems"),
    )
