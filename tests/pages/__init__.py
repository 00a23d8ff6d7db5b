"""Every page in Streamlit's own test bench: no browser, the real app."""
