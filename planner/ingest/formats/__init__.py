"""One module per source of usage rows. A new one is named in ``planner.ingest.sources``."""
