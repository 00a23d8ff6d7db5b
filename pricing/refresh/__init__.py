"""``python -m pricing refresh``: our tables against what other tables say today. The planner never imports this."""
