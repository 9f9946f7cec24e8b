"""The participants' pages: all that can be reached from outside."""
