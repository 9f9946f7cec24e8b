"""Published figures, beside which experiments print their own."""
