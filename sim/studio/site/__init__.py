"""What all pages stand on: who may look, templates, files, words, and where runs are."""
