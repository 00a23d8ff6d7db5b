"""The planner's specification."""
