"""Policies learnt from what their actions lead to."""
