"""RetailSim: an async, event-driven multi-agent simulator of retail."""
