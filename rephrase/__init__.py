"""Did the customer say it again, and where? Finds rephrase links inside sessions."""
