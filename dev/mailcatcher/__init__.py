"""Receives the mail of development and tests and shows it; nothing it gets leaves the machine."""

# What it prints first once it listens.
READY = "Catching mail"
