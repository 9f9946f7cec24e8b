"""What a person sees on a terminal: words, tables, and a bar."""
