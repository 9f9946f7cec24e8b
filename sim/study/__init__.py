"""A study with people: seats, links, pages, and what is kept of who takes part."""
