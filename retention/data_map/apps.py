"""Django app of the data map."""

from paktaleem.foundation.operations import extensions


class DataMapConfig(extensions.PortalAppConfig):
    """Lines of the data map, and how they compare with what systems report."""

    name = "retention.data_map"
    verbose_name = "data map"
