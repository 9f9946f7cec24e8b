"""What a learnt policy goes by as a seller in the retail protocol."""
