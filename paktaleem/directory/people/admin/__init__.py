"""People in the console: who they are, and how old."""

from paktaleem.directory.people.admin import ages, people
