"""The studio: pages on runs, live and finished, served on this machine.

It is a reader. It reads run folders, and no run knows of it.
"""
