"""E-mail addresses: the one form in which they are stored, compared and sent.

A mailbox has many spellings: upper case, Unicode and ASCII domains, invisible characters. Accounts,
limits and messages go by `canonical`.
"""

import unicodedata
from typing import Any

import idna
from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

# RFC 5321, sections 4.5.3.1.1 and 4.5.3.1.3: a path has 256 octets, of which two are brackets.
MAX_ADDRESS, MAX_LOCAL = 254, 64
# Invisible characters that are copied along with an address. UTS #46 ignores them in a domain.
IGNORED = dict.fromkeys(map(ord, "\u00ad\u200b\u2060\ufeff"))
# Controls, formats, separators, private use, surrogates, unassigned.
UNSEEN = {"Cc", "Cf", "Zl", "Zp", "Zs", "Co", "Cs", "Cn"}


def canonical(typed: str) -> str:
    """Return the address that mail is sent to, in ASCII: `kim@xn--bcher-kva.example`.

    The local part is in lower case. The domain is in A-labels of IDNA 2008, mapped by UTS #46,
    non-transitional: `faß.de` is `xn--fa-hia.de`, not `fass.de`. Raises `ValidationError` for an
    address that no e-mail can be sent to: without SMTPUTF8 (RFC 6531), a local part is ASCII.
    """
    address = unicodedata.normalize("NFC", typed.translate(IGNORED).strip())
    local, _at, domain = address.rpartition("@")
    if not local or not domain:
        raise ValidationError(EmailValidator.message, "invalid")
    sent = f"{_local(local.lower())}@{_domain(domain)}"
    if len(sent) > MAX_ADDRESS:
        sentence = _("This address is too long: use one of at most 254 characters.")
        raise ValidationError(sentence, "invalid")
    return sent


class AddressField(models.EmailField):  # type: ignore[type-arg]  # Generic in the stubs alone.
    """An address in its canonical form, whether `save` or `bulk_create` writes it.

    Raises `ValidationError` for one that no e-mail can be sent to.
    """

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        value = canonical(super().pre_save(model_instance, add))
        setattr(model_instance, self.attname, value)
        return value


def normalise(typed: str) -> str:
    """Return what a typed address is compared by: its canonical form, if it has one."""
    try:
        return canonical(typed)
    except ValidationError:
        return unicodedata.normalize("NFC", typed.strip()).lower()


def mailbox(address: str) -> str:
    """Return the mailbox that a canonical address belongs to, without a tag: `kim+news@`, `kim@`.

    For limits alone: which tags a server ignores is its own affair (RFC 5321, section 2.3.11).
    """
    local, at, domain = address.rpartition("@")
    untagged = local if local.startswith('"') else local.partition("+")[0] or local
    return f"{untagged}{at}{domain}"


def searched(word: str) -> str:
    """Return a word of a search as stored addresses contain it: `bücher` is `xn--bcher-kva`."""
    local, at, domain = word.rpartition("@")
    return f"{local}{at}{'.'.join(_label_sent(label) for label in domain.split('.'))}"


def shown(address: str) -> str:
    """Return an address as people write it, with the domain in Unicode."""
    local, at, domain = address.rpartition("@")
    return f"{local}{at}{'.'.join(_label_shown(label) for label in domain.split('.'))}"


def _local(local: str) -> str:
    if any(unicodedata.category(character) in UNSEEN for character in local):
        sentence = _("This address holds a space or an invisible character: remove it.")
        raise ValidationError(sentence, "invalid")
    if not local.isascii():
        sentence = _(
            "We can't send to this address: before the @ it may hold the letters a to z without "
            "accents, digits and signs such as . _ - +."
        )
        raise ValidationError(sentence, "invalid")
    if len(local) > MAX_LOCAL or not EmailValidator.user_regex.match(local):
        raise ValidationError(EmailValidator.message, "invalid")
    return local


def _domain(domain: str) -> str:
    """Return a domain in A-labels, of two labels at least: no literal, no local host."""
    try:
        mapped = idna.uts46_remap(domain, std3_rules=True, transitional=False)
        # Label by label: how long the whole may be is the address's rule.
        labels = [idna.alabel(label).decode() for label in mapped.split(".")]
    except idna.IDNAError:
        labels = []
    if len(labels) < 2 or not all(labels) or labels[-1].isdigit():  # noqa: PLR2004  # As the docstring says.
        sentence = _("No e-mail can be sent to “%(domain)s”: check what follows the @.")
        raise ValidationError(sentence, "invalid", {"domain": domain[:MAX_ADDRESS]})
    return ".".join(labels)


def _label_sent(label: str) -> str:
    try:
        return label if label.isascii() else idna.encode(label, uts46=True).decode()
    except idna.IDNAError:
        return label


def _label_shown(label: str) -> str:
    try:
        return idna.decode(label) if label.startswith("xn--") else label
    except idna.IDNAError:
        return label
