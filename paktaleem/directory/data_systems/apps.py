"""Django app of data systems and orders."""

from paktaleem.foundation.operations.extensions import PortalAppConfig, entry

_OURS, _PEOPLE = "paktaleem.directory.data_systems", "paktaleem.directory.people.extension_points"
_ORDER = "order kind system"


class DataSystemsConfig(PortalAppConfig):
    name = _OURS
    handlers = (
        ("paktaleem.foundation.operations.metrics.gauge_readers", ".selectors.read_orders"),
        ("paktaleem.foundation.upkeep.periods.kinds.data_kinds", ".services.issuing.COPIES"),
        (f"{_PEOPLE}.erasure_started", ".services.issuing.issue_erasure_orders"),
        (f"{_PEOPLE}.erasure_blockers", ".services.issuing.describe_open_erasure_orders"),
        (f"{_PEOPLE}.erasure_locks", ".services.issuing.lock_open_orders"),
        (f"{_OURS}.extension_points.order_answered", ".services.issuing.continue_erasure"),
        (f"{_PEOPLE}.before_erasure", ".services.issuing.keep_orders_answerable"),
        ("paktaleem.foundation.encryption.wrapped_secrets.wrapped_kinds", ".selectors.ORDER_NAMES"),
    )
    families = "system: Data systems"
    facts = """
        count: number, key_name: name of the key, orders_hash: hash of the orders, parent: order set it belongs to,
        retry_at: tried again at, sealed_hash: hash of the encrypted file, set: order set
    """
    ledger = (
        entry("order.accepted", "Order accepted by its system", _ORDER),
        entry("order.confirmed", "Order completed", _ORDER),
        entry("order.copies_purged", "Data given for an order deleted"),
        entry("order.created order.failed order.waived", sends=_ORDER),
        entry("order.disputed", "Answer to an order contradicts what was reported"),
        entry("order.not_applicable", "Order no longer applies", _ORDER),
        entry("order.not_found", "System does not know the person", _ORDER),
        entry("order.part_added", "File added to an order"),
        entry("order.recalled", "Order recalled by a hold", _ORDER),
        entry("order.requeued", "Order queued again"),
        entry("order.sent", "Order sent to its system"),
        entry("order.set_created", "Orders for many people created", "set kind count"),
        entry("order.waiver_proposed", "Waiver of an order proposed"),
        entry("system.changed system.ended system.registered"),
        entry("system.end_declined", "End of a system declined"),
        entry("system.end_proposed", "End of a system proposed"),
        entry("system.key_ended", "Key of a system withdrawn"),
        entry("system.key_let_in", "Key allowed for a system", severity="low"),
    )
