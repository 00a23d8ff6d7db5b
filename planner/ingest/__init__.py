"""Usage exports into a workload: files in, one reading out, and from it categories of a plan."""

from __future__ import annotations

from planner.ingest.aggregate import group_by
from planner.ingest.plan_text import usage_plan_text
from planner.ingest.reading import read_usage
from planner.ingest.sources import SOURCES
from planner.ingest.to_plan import Origin, UsagePlan, to_workload
from planner.ingest.usage import GROUPINGS, Amounts, Group, Grouping, Period, UsageReading

__all__ = [
    "GROUPINGS", "SOURCES", "Amounts", "Group", "Grouping", "Origin", "Period", "UsagePlan", "UsageReading", "group_by",
    "read_usage", "to_workload", "usage_plan_text",
]
