"""Judgement: what a scenario causes each month, and which one to prefer."""

__version__ = "0.1.0"
