"""Tables, figures and conversations as values, before a page or a file is drawn from them."""
