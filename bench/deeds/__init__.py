"""What a side's process is told to do. Each module imports what its own side has."""
