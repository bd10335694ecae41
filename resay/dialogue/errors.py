"""The one ancestor of the errors that a person can mend."""


class ResayError(Exception):
    """Something outside must change before this can work; its text is one clear sentence that says what.

    Every package names its own descendants where they are noticed. The command line prints the text and exits with status 1.
    """


def told_without_place(error: Exception) -> str:
    """What an error says, but for the path: whoever tells it has named that already."""
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
