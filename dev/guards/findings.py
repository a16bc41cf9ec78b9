"""The rules' names, and what to do instead of what they refuse."""

from dataclasses import dataclass

RULES = {
    "raw-query": (
        "This query goes past the ORM. Write a QuerySet method, or list the function in "
        "dev/guards/exceptions.toml with what keeps it inside one schema."
    ),
    "context-switch": (
        "This switches the connection and nothing switches it back. Write `with "
        "workspace_context(tenant):` or `with public_context():` from tenancy.context."
    ),
    "context-form": (
        "Its state is shared by threads in this form. Call workspace_context() or "
        "public_context() from tenancy.context in a `with` inside a function."
    ),
    "cache-key": (
        "This goes past the key function, so that two tenants share an entry. Use "
        "django.core.cache.cache."
    ),
    "process-memory": (
        "What it remembers is remembered for every tenant of the process. Keep it on the "
        "instance, in django.core.cache.cache, or list why it holds no tenant's data."
    ),
    "cookie-domain": (
        "A cookie with a domain is sent to every tenant's host. Leave the domain out: cookies "
        "are host-only."
    ),
    "async": (
        "The context doesn't follow into the ORM's awaits: the query reads somebody else's "
        "schema. Write a plain function."
    ),
    "unescaped": (
        "What people typed could become markup. Pass it to format_html() as an argument, or "
        "let the template escape it."
    ),
    "task-base": (
        "A task without our base runs in no schema, or in a left-over one. Say "
        "`@shared_task(base=TenantTask)` or `base=PublicTask`, or use tasks.deliveries.delivery."
    ),
    "late-task": (
        "It reads the schema when the commit comes, not when it is called. Write an outbox row, "
        "or take the schema first and send it in transaction.on_commit()."
    ),
    "on-commit": (
        "Give on_commit a function or a lambda and robust=True, and read the context before it, "
        "into a name: a partial breaks the log line, one failure stops the callbacks behind it, "
        "and the context has changed by the commit."
    ),
    "script-name": (
        "It begins with the script name, which views, roles and cookies are not chosen by. Write "
        "request.path_info or request.get_full_path_info(); in an e-mail, the origin of the "
        "tenant's primary domain."
    ),
    "inline-script": (
        "The Content-Security-Policy refuses inline code. Put it in a file under static/, or "
        'say nonce="{{ request.csp_nonce }}".'
    ),
    "inline-style": (
        "The Content-Security-Policy refuses inline styles. Put them in a class of theme.css."
    ),
    "remote-address": (
        "Browsers load nothing from elsewhere: serve the file from static/ (make vendor), and "
        "build links from a setting."
    ),
}


@dataclass(frozen=True, order=True)
class Finding:
    """Where a rule fires: `inside` is the class and function around it, dotted, or nothing."""

    path: str
    line: int
    rule: str
    inside: str = ""
