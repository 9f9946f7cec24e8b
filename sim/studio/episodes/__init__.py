"""The episodes of a run: the list, one conversation, a text in all of them."""
