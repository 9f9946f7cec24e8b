"""People in seats: what they came to, beside what a simulated agent in the same seat did."""
