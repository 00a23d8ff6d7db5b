"""The main flows in a real browser."""
