"""Seats that people take: what a person is asked, where answers wait, what comes of silence."""
