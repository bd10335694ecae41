"""`resay bench stream`: landing beside bare consumers, a burst, freshness, and kills, each measured on a real broker."""
