"""Things that happen at the same time, in threads that start together."""

import threading

from django.db import connection


def at_once(times, action):
    """Do something in so many threads, and return what came of each: its value, or its error."""
    start, outcomes = threading.Barrier(times), []

    def run(number):
        start.wait()
        try:
            outcomes.append(action(number))
        except Exception as error:  # noqa: BLE001  # Whatever it is, the test shall show it.
            outcomes.append(repr(error))
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes
