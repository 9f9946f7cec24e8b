"""Which persona an agent shows: a classifier of texts for each trait, learnt from labelled runs."""
