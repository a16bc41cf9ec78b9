"""Receives the mail of development and tests and shows it; nothing it gets leaves the machine."""
