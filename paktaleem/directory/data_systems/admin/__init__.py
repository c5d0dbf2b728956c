"""Console pages for systems and orders."""

from paktaleem.directory.data_systems.admin import alerts, board, erasures, orders, person, systems
