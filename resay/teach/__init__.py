"""What customers tell us outright: how it is understood, what is refused, and what is said back. No I/O."""
