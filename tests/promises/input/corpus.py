"""What nobody types by accident: the values that every field, address and header is fed.

Each holds what has broken something somewhere. `CANARY` begins a tag: an answer that holds it
has put somebody's words into a page unescaped.
"""

import json
import string
from base64 import urlsafe_b64encode

from hypothesis import strategies as st

CANARY = "<x-canary"
PASSWORD = "correct horse battery staple"
NOBODY = "00000000-0000-4000-8000-000000000000"


def _key(value: object, pk: object = NOBODY) -> str:
    """Return a page's key as the lists make them, by somebody who read the code."""
    return urlsafe_b64encode(json.dumps([value, pk]).encode()).decode().rstrip("=")


TEXTS = (
    "",
    " ",
    "\0",
    "a\0b",
    f"{CANARY} onload='x' y=\">",
    "</script><script>alert(1)</script>",
    "{{ 7 }}{% debug %}",
    "%(name)s %s %d {0.__class__} ${7}",
    "' OR 1=1; --",
    "\\' \\\" \\x00 \\u0000",
    "a\r\nBcc: everybody@example.test\r\n\r\nBuy",
    "line\u2028separator\u2029paragraph\x85next\x0bline",
    "=?utf-8?q?=0D=0ABcc=3A_x=40example.test?=",
    "\u202eevil\u202c \u2066x\u2069 \u200f\u200e",
    "עברית العربية",
    "e" + "\u0301" * 300,
    "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢L̠ͨͧͩ͘G̴̻͈͍͔̹̑͗̎̅͛́Ǫ̵̹̻̝̳͂̌̌͘!͖̬̰̙̗̿̋ͥͥ̂ͣ̐́́͜͞",
    "👩‍👩‍👧‍👦🏳️‍🌈𝔘𝔫𝔦𝔠𝔬𝔡𝔢 𠜎𠜱",
    "İIıi ßẞſ ǰ ﬁ Ω K Å",
    "İ" * 250 + "@example.test",
    "ΐ" * 100,
    "ﷺ" * 64,
    "\ufeffbom \ufffe\uffff \U0010ffff \ue000 \U000e0041",
    "\ud800",
    "a\udfff@example.test",
    "1" * 400,
    "-1",
    "0",
    "9" * 19,
    "9223372036854775808",
    "1e309",
    "NaN",
    "-Infinity",
    "٣٤٥",
    "²",
    "true",
    "None",
    "[]",
    "a,b,,c",
    "a" * 256 + "@example.test",
    '"quoted \\" local"@example.test',
    "x@[127.0.0.1]",
    "x@xn--",
    "x@" + "é" * 60 + ".test",
    "+1" + "0" * 40,
    "+82 2 312 3456;ext=99999999999",
    "0000-00-00",
    "9999-12-31T23:59:59-23:59",
    NOBODY,
    NOBODY.replace("-", ""),
    "{" + NOBODY + "}",
    "urn:uuid:" + NOBODY,
    _key("a\0"),
    _key("\ud800"),
    _key("0001-01-01T00:00:00+23:59"),
    _key("9999-12-31T23:59:59-23:59"),
    _key("2026-01-01T00:00:00+00:00", "9" * 40),
    _key(10**400),
    _key({"a": [1]}),
    urlsafe_b64encode(b"[" * 30_000).decode().rstrip("="),
    urlsafe_b64encode(b"9" * 5_000).decode().rstrip("="),
    "../../../../etc/passwd",
    "..\\..\\windows\\win.ini",
    "/etc/passwd",
    "%2e%2e%2fetc%2fpasswd",
    "%00",
    "%25%30%30",
    "file:///etc/passwd",
    "a/b/c//d",
    ".",
    "..",
)

# Where a redirect could lead away. `evil.test` is nobody of ours.
ELSEWHERE = (
    "https://evil.test/",
    "//evil.test",
    "///evil.test",
    "////evil.test",
    "/\\evil.test",
    "\\\\evil.test",
    "/\t/evil.test",
    "\t//evil.test",
    "https:evil.test",
    "https:/evil.test",
    "http:\\\\evil.test",
    "https://localhost@evil.test/",
    "https://localhost\\@evil.test/",
    "https://localhost:80@evil.test",
    "//evil%E3%80%82test",
    "//evil。test",
    "javascript:alert(1)",
    "data:text/html,x",
    "http://globex.localhost/",
    "//globex.localhost/console/",
    "/x\r\nSet-Cookie: a=b",
    "/\n/evil.test",
    "http://[::1",
    "http://evil.test:99999999/",
    "https://evil.test\0.localhost/",
)

HEADERS = {
    "HTTP_ACCEPT_LANGUAGE": ("ko-KR;q=a", "*", "x" * 5_000, "en;q=1e309", "../../etc", "é\udcff"),
    "HTTP_REFERER": ("http://[::1", "//evil.test", "x" * 5_000, "javascript:1", "\xff\xfe"),
    "HTTP_ORIGIN": ("null", "http://evil.test", "http://[", "x" * 999),
    "HTTP_COOKIE": (
        "session=\x7f",
        "session=" + "a" * 5_000,
        "csrf=" + "é" * 40,
        "language=../../etc/passwd",
        "language=ko; language=en; ;;==;",
        'session="\\000\\012"; operator="\\000"',
        "messages=[]; csrf=",
        "=;=;\xff",
    ),
    "HTTP_X_FORWARDED_FOR": ("x" * 999, "::1, 1.2.3.4", "1.2.3.4:99999", ",,,", "\xff"),
    "HTTP_X_FORWARDED_HOST": ("evil.test", "a, b"),
    "HTTP_X_FORWARDED_PROTO": ("javascript", "https,http"),
    "HTTP_X_HTTP_METHOD_OVERRIDE": ("DELETE",),
    "HTTP_X_CSRFTOKEN": ("é", "a" * 5_000, "\xff"),
    "HTTP_HX_REQUEST": ("true", "\xff"),
    "HTTP_HX_CURRENT_URL": ("http://[", "%ff", "\xff"),
    "HTTP_HX_CURRENT_URL_URI_AUTOENCODED": ("true",),
    "HTTP_HX_TRIGGER_NAME": ("q", "%00", "\xff"),
    "HTTP_HX_HISTORY_RESTORE_REQUEST": ("true",),
    "HTTP_IF_MODIFIED_SINCE": ("Thu, 32 Foo 99999 99:99:99 GMT", "0"),
    "HTTP_IF_NONE_MATCH": ('W/"', "*"),
    "HTTP_RANGE": ("bytes=9999999999999999999999-", "bytes=-1-2,x", "items=0-0"),
    "HTTP_ACCEPT": ("x" * 5_000, "text/html;q=x", "*/*;;;"),
    "HTTP_ACCEPT_ENCODING": ("gzip;q=x", "identity;q=0, *;q=0"),
    "HTTP_USER_AGENT": ("", "x" * 5_000, f"{CANARY}>", "\xff\xfe"),
    "HTTP_AUTHORIZATION": ("Basic !!!!", "Bearer " + "." * 999),
    "HTTP_CONTENT_ENCODING": ("gzip", "deflate"),
    "HTTP_EXPECT": ("200-ok",),
}

CONTENT_TYPES = (
    "",
    "application/x-www-form-urlencoded; charset=utf-16",
    "application/x-www-form-urlencoded; charset=iso-8859-1",
    "application/x-www-form-urlencoded; charset=rot13",
    "application/x-www-form-urlencoded; charset=base64",
    "application/x-www-form-urlencoded; charset=undefined",
    "application/x-www-form-urlencoded; charset=klingon",
    'application/x-www-form-urlencoded; charset="',
    "multipart/form-data",
    "multipart/form-data; boundary=",
    "multipart/form-data; boundary=" + "x" * 300,
    "multipart/form-data; boundary=é",
    "multipart/form-data; boundary=b; charset=utf-16",
    "multipart/form-data; boundary=b; charset=punycode",
    "multipart/form-data; boundary=b; charset=idna",
    "multipart/form-data; boundary=b",
    "multipart/mixed; boundary=b",
    "application/json",
    "application/json; charset=utf-7",
    "text/xml",
    "text/plain; charset=utf-16",
    "x" * 4_000,
    "a/b/c;;;=;",
)

PART = b'--b\r\nContent-Disposition: form-data; name="%s"%s\r\n%s\r\n%s\r\n'
BODIES = (
    b"",
    b"\0",
    b"\xff\xfe\xfd",
    b"=&=&&;%zz=%&a",
    b"a=1&" * 2_000,
    b"a" * 200_000,
    b"--b--",
    b"--b\r\n\r\n",
    b"--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--",
    b"--b\r\nContent-Disposition: form-data; name=\r\n\r\nx\r\n--b--",
    PART % (b"picture", b'; filename="../../etc/passwd"', b"", b"x") + b"--b--",
    PART % (b"picture", b'; filename="a\0.png"', b"Content-Type: image/png\r\n", b"x") + b"--b--",
    PART % (b"picture", b"; filename*=klingon''%ff", b"", b"x") + b"--b--",
    PART % (b"picture", b'; filename=""', b"Content-Type: x; charset=rot13\r\n", b"x") + b"--b--",
    PART % (b"picture", b"", b"Content-Transfer-Encoding: base64\r\n", b"!!!!x") + b"--b--",
    PART % (b"x" * 9_000, b"", b"", b"x") + b"--b--",
    (PART % (b"n", b"", b"", b"v")) * 1_200 + b"--b--",
    (PART % (b"f", b'; filename="f"', b"", b"v")) * 120 + b"--b--",
    b"[" * 100_000,
    b'{"a": "\\ud800", "a": NaN, "b": 1e999}',
    b"<!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>",
)

HOSTS = (
    "",
    "localhost.",
    "ACME.LOCALHOST",
    "acme.localhost.:80",
    "acme..localhost",
    ".acme.localhost",
    "acme.localhost:99999",
    "acme.localhost:x",
    "acme.localhost:-1",
    "acme.localhost:80:80",
    "acme_1.localhost",
    "acme.localhost@evil.test",
    "evil.test#acme.localhost",
    "acme.localhost/x",
    "acme.localhost\\x",
    "acme.localhost, globex.localhost",
    "127.0.0.1",
    "2130706433",
    "[::1]",
    "[::1",
    "[::ffff:127.0.0.1]:80",
    "xn--acm-dma.localhost",
    "acmé.localhost",
    "acme.localhost\0",
    " acme.localhost ",
    "a" * 64 + ".localhost",
    "a." * 200 + "localhost",
    "*.localhost",
    "-.localhost",
    "null",
    f"{CANARY}.localhost",
    "evil.test",
)

METHODS = ("GET", "POST", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "get")

# Any code point there is, surrogates among them, and the corpus itself.
texts = st.one_of(
    st.sampled_from(TEXTS + ELSEWHERE),
    st.text(st.characters(exclude_categories=()), max_size=40),
    st.text(st.characters(categories=("Cc", "Cf", "Cs", "Mn", "Zl", "Zp")), max_size=20),
    st.text(string.printable, max_size=300),
)


def as_bytes(text: str) -> bytes:
    """Return a text as it would travel; surrogates as the broken bytes they make."""
    return text.encode("utf-8", "surrogatepass")
