"""What people in sales conversations see, and what they are asked."""
