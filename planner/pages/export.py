"""Page."""

from planner.ui import menu

menu.head("x")
