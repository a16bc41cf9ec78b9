"""The subset of Mailpit's JSON API that lists, searches and reads, with Mailpit's own field names.

One script reads this inbox and a Mailpit alike: https://mailpit.axllent.org/docs/api-v1/
"""

from typing import Any

from dev.mailcatcher.message import Address, Message, Part
from dev.mailcatcher.store import Store


def page(store: Store, matching: list[Message], start: int, limit: int) -> dict[str, Any]:
    everything = store.messages()
    shown = matching[start : start + limit]
    unread = sum(not store.is_read(message.id) for message in everything)
    return {
        "total": len(everything),
        "unread": unread,
        "count": len(shown),
        "messages_count": len(matching),
        "messages_unread": sum(not store.is_read(message.id) for message in matching),
        "start": start,
        "tags": [],
        "messages": [summary(message, is_read=store.is_read(message.id)) for message in shown],
    }


def summary(message: Message, *, is_read: bool) -> dict[str, Any]:
    return {
        **_heading(message),
        "Read": is_read,
        "Created": message.received_at.isoformat().replace("+00:00", "Z"),
        "Attachments": sum(not part.is_inline for part in message.parts),
        "Snippet": message.snippet,
    }


def details(message: Message) -> dict[str, Any]:
    unsubscribe = message.header("List-Unsubscribe")
    return {
        **_heading(message),
        "ReturnPath": message.return_path,
        "ListUnsubscribe": {
            "Header": unsubscribe,
            "Links": [link.strip().strip("<>") for link in unsubscribe.split(",") if link.strip()],
            "Errors": "",
            "HeaderPost": message.header("List-Unsubscribe-Post"),
        },
        "Date": message.sent_at.isoformat().replace("+00:00", "Z"),
        "Text": message.text,
        "HTML": message.html,
        "Inline": [_part(part) for part in message.parts if part.is_inline],
        "Attachments": [_part(part) for part in message.parts if not part.is_inline],
    }


def _heading(message: Message) -> dict[str, Any]:
    return {
        "ID": message.id,
        "MessageID": message.message_id,
        "From": _address(message.sender),
        "To": _people(message, "To"),
        "Cc": _people(message, "Cc"),
        "Bcc": [_address(address) for address in message.blind_copies],
        "ReplyTo": _people(message, "Reply-To"),
        "Subject": message.subject,
        "Tags": [],
        "Size": len(message.source),
    }


def _people(message: Message, header: str) -> list[dict[str, str]]:
    return [_address(address) for address in message.addresses(header)]


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
