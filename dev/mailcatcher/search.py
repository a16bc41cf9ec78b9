"""The part of Mailpit's search language that the inbox's page and the tests use."""

from dev.mailcatcher.message import Message


def found(messages: list[Message], query: str) -> list[Message]:
    """Return the messages that match every word: `to:` looks at the recipients alone."""
    return [
        each for each in messages if all(_matches(each, word) for word in query.lower().split())
    ]


def _matches(message: Message, word: str) -> bool:
    addressed = [each for name in ("To", "Delivered-To") for each in message.addresses(name)]
    recipients = "\n".join(f"{each.name} {each.address}" for each in addressed).lower()
    if word.startswith("to:"):
        return word.removeprefix("to:") in recipients
    read = (recipients, message.header("From"), message.subject, message.text, message.snippet)
    return word in "\n".join(read).lower()
