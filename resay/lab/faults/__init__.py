"""Talk whose failure points are known: faults planted in a world's homes, and corpora in which people or rules wrote them down."""
