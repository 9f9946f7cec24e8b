"""The pages on which people rate an export, one link for each, and the organiser's page."""
