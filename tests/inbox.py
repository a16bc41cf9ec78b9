"""The local mail catcher, through the part of Mailpit's API that reads."""

import os
from typing import Any

import requests


def emails_to(address: str) -> list[dict[str, Any]]:
    """Return what was sent to an address, oldest first."""
    api = f"{os.environ['INBOX_URL']}/api/v1"
    found = requests.get(f"{api}/search", {"query": f"to:{address}"}, timeout=10).json()
    ids = [summary["ID"] for summary in reversed(found["messages"])]
    return [requests.get(f"{api}/message/{pk}", timeout=10).json() for pk in ids]
