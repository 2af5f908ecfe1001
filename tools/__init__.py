"""Scripts that rebuild the bundled sample data from their sources; not part of the wheel."""
