"""A visitor of a web process that runs in production's settings, as its proxy passes them on."""

from http.cookies import SimpleCookie

import requests

ADDRESS = "203.0.113.7"


class Visitor:
    """Somebody behind a proxy that speaks HTTPS, with a browser's cookies."""

    def __init__(self, port: int, host: str, scheme: str = "https") -> None:
        self.port, self.host, self.scheme = port, host, scheme
        self.cookies: dict[str, str] = {}
        self.set_cookies: list[str] = []

    def ask(self, method: str, path: str, **options) -> requests.Response:
        headers = {
            "Host": self.host,
            "X-Forwarded-Proto": self.scheme,
            "X-Forwarded-For": ADDRESS,
            "Referer": f"{self.scheme}://{self.host}/",
            "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
            **options.pop("headers", {}),
        }
        url = f"http://127.0.0.1:{self.port}{path}"
        response = requests.request(
            method, url, headers=headers, timeout=60, allow_redirects=False, **options
        )
        self._keep(response.raw.headers.getlist("Set-Cookie"))
        return response

    def post(self, path: str, **typed: str) -> requests.Response:
        typed["csrfmiddlewaretoken"] = self.cookies.get("__Host-csrf", "")
        return self.ask("POST", path, data=typed)

    def _keep(self, lines: list[str]) -> None:
        self.set_cookies += lines
        for line in lines:
            self.cookies |= {name: morsel.value for name, morsel in SimpleCookie(line).items()}
