"""Django app of inventories."""

from paktaleem.foundation.operations.extensions import PortalAppConfig, entry


class InventoriesConfig(PortalAppConfig):
    """Inventories of systems, and the differences that they show."""

    name = "retention.inventories"
    verbose_name = "inventories"
    handlers = (
        ("paktaleem.directory.people.extension_points.before_erasure", ".services.forget_hashes"),
        ("paktaleem.directory.people.extension_points.before_erasure", ".services.keep_erased_id"),
        ("paktaleem.foundation.encryption.wrapped_secrets.wrapped_kinds", ".services.ERASED_KEYS"),
        ("paktaleem.foundation.upkeep.periods.kinds.data_kinds", ".services.ERASED_IDS"),
        ("paktaleem.foundation.upkeep.periods.kinds.data_kinds", ".services.HASHES"),
    )
    families = "inventory: Inventories"
    ledger = (
        entry("inventory.answered", "Inventory answered by a system"),
        entry("inventory.decided", "Difference in an inventory decided"),
        entry("inventory.ordered", "Inventories ordered of systems"),
    )
