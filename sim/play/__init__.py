"""Playing the markets of a run: the engine, workers, stopping and going on."""
