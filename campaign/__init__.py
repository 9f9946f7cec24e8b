"""The campaign: faults in great number, by seed, against everything that comes from outside.

``python -m campaign fuzz`` feeds mutated inputs to each surface, ``damage`` spoils written logs,
``kill`` kills programs at random moments. docs/campaign.md has what was found and how much was run.
"""
