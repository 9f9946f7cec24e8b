"""Rules for what sellers may say and do: read from a file, and held against what they did."""
