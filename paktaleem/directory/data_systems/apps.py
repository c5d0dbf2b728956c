"""Django app of data systems and orders."""

from paktaleem.foundation.operations import extensions

_OURS, _PEOPLE = "paktaleem.directory.data_systems", "paktaleem.directory.people.extension_points"
_ISSUING = f"{_OURS}.services.issuing"


class DataSystemsConfig(extensions.PortalAppConfig):
    name = _OURS
    handlers = (
        ("paktaleem.foundation.operations.metrics.gauge_readers", f"{_OURS}.selectors.read_orders"),
        ("paktaleem.foundation.upkeep.periods.kinds.data_kinds", f"{_ISSUING}.COPIES"),
        (f"{_PEOPLE}.erasure_started", f"{_ISSUING}.issue_erasure_orders"),
        (f"{_PEOPLE}.erasure_blockers", f"{_ISSUING}.describe_open_erasure_orders"),
        (f"{_PEOPLE}.erasure_locks", f"{_ISSUING}.lock_open_orders"),
        (f"{_OURS}.extension_points.order_answered", f"{_ISSUING}.continue_erasure"),
        (f"{_PEOPLE}.before_erasure", f"{_ISSUING}.keep_orders_answerable"),
        ("paktaleem.foundation.encryption.wrapped_secrets.wrapped_kinds", f"{_OURS}.sealed_names.ORDER_NAMES"),
    )
