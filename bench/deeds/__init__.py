"""The operations that a side's process runs. Each module imports what its own side has."""
