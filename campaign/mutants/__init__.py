"""Mutants: small changes of the code, by seed, that the tests of a package have to notice.

``python -m campaign.mutants`` draws them, tries each in a copy of the repository, and keeps what
became of it. docs/mutation.md has the figures and how they are made.
"""
