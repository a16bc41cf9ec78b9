"""A line to a server that goes silent when told to: open, and whatever is said on it is lost."""

import contextlib
import socket
import threading
from typing import Self

from dev.ports import LOOPBACK


class Relay:
    """Carries bytes both ways; while it `is_silent` it swallows them, and counts who has asked."""

    def __init__(self, port: int, host: str = LOOPBACK) -> None:
        self._there = (host, port)
        self._listener = socket.create_server((LOOPBACK, 0))
        self._lines: list[socket.socket] = []
        # The connections on which something was asked in vain.
        self._unanswered: set[int] = set()
        self.is_silent = False

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    def count(self) -> int:
        """How many waited in vain since the last count. A client that gave up hangs up, so that
        each connection is one wait.
        """
        waited, self._unanswered = len(self._unanswered), set()
        return waited

    def heal(self) -> None:
        """Carry again, for who comes from now on: what was swallowed is missing in the others."""
        self.is_silent = False
        self._hang_up()

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        # Closing alone wakes nobody who is in accept().
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._hang_up()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):  # It is closed: the end.
            while True:
                here, _address = self._listener.accept()
                there = socket.create_connection(self._there)
                self._lines += [here, there]
                for ends in ((here, there), (there, here)):
                    threading.Thread(target=self._carry, args=ends, daemon=True).start()

    def _carry(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while said := source.recv(65536):
                if not self.is_silent:
                    target.sendall(said)
                elif target.getpeername() == self._there:
                    self._unanswered.add(id(source))
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _hang_up(self) -> None:
        lines, self._lines = self._lines, []
        for line in lines:
            with contextlib.suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)
            line.close()
