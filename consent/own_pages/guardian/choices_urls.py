"""URL of the way from a person's own choices to the page about their children."""

from django.urls import path

from consent.own_pages.guardian.views.purposes import open_children

urlpatterns = [path("children/", open_children, name="choices-children")]
