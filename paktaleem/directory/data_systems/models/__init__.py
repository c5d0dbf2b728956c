"""Systems that hold personal data, and orders to them."""

from paktaleem.directory.data_systems.models import alerts, orders, systems
