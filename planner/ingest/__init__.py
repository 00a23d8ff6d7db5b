"""Usage exports into a workload: files in, one reading out, and from it categories of a plan."""

from __future__ import annotations

from planner.ingest.aggregate import group_by
from planner.ingest.reading import read_usage
from planner.ingest.sources import SOURCES
from planner.ingest.usage import GROUPINGS, Amounts, Group, Grouping, Period, UsageReading

__all__ = ["GROUPINGS", "SOURCES", "Amounts", "Group", "Grouping", "Period", "UsageReading", "group_by", "read_usage"]
