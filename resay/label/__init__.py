"""What is true of a turn: from rules, models or people."""
