"""The log: segments of JSON lines, written in batches and chained by hashes."""
