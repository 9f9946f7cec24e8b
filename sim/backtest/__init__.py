"""`backtest`: past changes of a shop, predicted and compared with what the shop saw."""
