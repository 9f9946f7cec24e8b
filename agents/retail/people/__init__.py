"""What people at retail seats see, and what they are asked."""
