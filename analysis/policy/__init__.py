"""What policies are worth: logged decisions, and estimates from logs of what others would do."""
