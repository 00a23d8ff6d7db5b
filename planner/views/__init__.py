"""What people read: numbers as text, sentences, tables and charts, made once for screen, PDF, CSV and JSON."""
