"""Console pages of schools, terms and classes, and what they add to people's pages."""

from paktaleem.directory.schools.admin import filters, panels, schools
