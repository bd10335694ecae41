"""Where rows, books and artifacts live."""
