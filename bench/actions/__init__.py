"""The actions that a subject's process runs. Each module imports what its own subject has."""
