"""Sockets: whether the other end has sent something, or closed the connection."""

import select


def is_silent(file_descriptor: int) -> bool:
    """Whether there is nothing to read. Sends nothing, and doesn't wait.

    A server that closes a connection makes its socket readable.
    """
    poll = select.poll()
    poll.register(file_descriptor, select.POLLIN)
    return not poll.poll(0)
