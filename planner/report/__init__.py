"""The hand-over: a decision as PDF and as tables. Content is built once, format-free; each format writes it."""
