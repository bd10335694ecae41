"""What is held of one customer: given out, or forgotten in every store, with a signed receipt."""
