"""Console pages for systems and orders."""

from paktaleem.directory.data_systems.admin import orders, systems
