"""Rules in analysis: which of them the sellers of a run broke, how often, with which words."""
