"""The subset of Mailpit's JSON API that lists, searches and reads, with Mailpit's own field names.

One script reads this inbox and a Mailpit alike: https://mailpit.axllent.org/docs/api-v1/
"""

from typing import Any

from dev.mailcatcher.letter import Address, Letter, Part
from dev.mailcatcher.store import Store


def page(store: Store, matching: list[Letter], start: int, limit: int) -> dict[str, Any]:
    everything = store.letters()
    shown = matching[start : start + limit]
    unread = sum(not store.is_read(letter.id) for letter in everything)
    return {
        "total": len(everything),
        "unread": unread,
        "count": len(shown),
        "messages_count": len(matching),
        "messages_unread": sum(not store.is_read(letter.id) for letter in matching),
        "start": start,
        "tags": [],
        "messages": [summary(letter, is_read=store.is_read(letter.id)) for letter in shown],
    }


def summary(letter: Letter, *, is_read: bool) -> dict[str, Any]:
    return {
        **_heading(letter),
        "Read": is_read,
        "Created": letter.received_at.isoformat().replace("+00:00", "Z"),
        "Attachments": sum(not part.is_inline for part in letter.parts),
        "Snippet": letter.snippet,
    }


def message(letter: Letter) -> dict[str, Any]:
    return {
        **_heading(letter),
        "ReturnPath": letter.return_path,
        "ListUnsubscribe": _list_unsubscribe(letter),
        "Date": letter.sent_at.isoformat().replace("+00:00", "Z"),
        "Text": letter.text,
        "HTML": letter.html,
        "Inline": [_part(part) for part in letter.parts if part.is_inline],
        "Attachments": [_part(part) for part in letter.parts if not part.is_inline],
    }


def _heading(letter: Letter) -> dict[str, Any]:
    return {
        "ID": letter.id,
        "MessageID": letter.message_id,
        "From": _address(letter.sender),
        "To": _people(letter, "To"),
        "Cc": _people(letter, "Cc"),
        "Bcc": [_address(address) for address in letter.blind_copies],
        "ReplyTo": _people(letter, "Reply-To"),
        "Subject": letter.subject,
        "Tags": [],
        "Size": len(letter.source),
    }


def _people(letter: Letter, header: str) -> list[dict[str, str]]:
    return [_address(address) for address in letter.addresses(header)]


def _address(address: Address) -> dict[str, str]:
    return {"Name": address.name, "Address": address.address}


def _part(part: Part) -> dict[str, Any]:
    return {
        "PartID": part.number,
        "FileName": part.file_name,
        "ContentType": part.content_type,
        "ContentID": part.content_id,
        "Size": len(part.content),
    }


def _list_unsubscribe(letter: Letter) -> dict[str, Any]:
    header = letter.header("List-Unsubscribe")
    links = [link.strip().strip("<>") for link in header.split(",") if link.strip()]
    return {
        "Header": header,
        "Links": links,
        "Errors": "",
        "HeaderPost": letter.header("List-Unsubscribe-Post"),
    }
