"""One flat script per screen: read the plan, ask the engine, show. Registered in :mod:`planner.ui.menu`."""
