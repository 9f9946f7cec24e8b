"""A run at a glance, chapter by chapter, and live while it goes on."""
