"""People in the console: who they are, and how old."""

from paktaleem.directory.people.admin import age_changes, ages, people, summary, words
