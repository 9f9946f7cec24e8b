"""Where each market's lines lie in a log, so that one episode can be read out of many."""
