"""What a learnt policy goes by in a sales conversation."""
