"""Statistics for clustered episodes: intervals, tests, power; numbers in, plain values out."""
