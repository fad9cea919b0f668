"""What nobody means well by, by what it passes itself off as."""

from datetime import date

from tests.tracker.api.test_hostile_bodies import NO_JSON, WRONG
from tests.tracker.test_filters import HOSTILE

BLANKS = [
    "\t",
    "\n",
    "\r\n",
    "\x0b",
    "\x0c",
    "\x1c",
    "\x85",
    "\xa0",
    "\u2028",
    "\u3000",
]
TEXTS = [
    *HOSTILE,
    *BLANKS,
    *(f"a{sign}b" for sign in ("\x01", "\x07", "\x1b[31m", "\x7f", "\x9f", "\ufffe")),
    *("x" * length for length in (51, 101, 151, 256, 301, 501, 1001, 2001, 70_000)),
    *("\u202d", "\u2067x\u2069", "\u061c", "\u200f", "\ufe0f" * 50, "a\u0300" * 300),
    *("👩‍👩‍👧‍👦" * 40, "ﷺ" * 200, "İ" * 100, "ß" * 260, "ſ", "ﬃ", "Ⅷ", "\U000e0041"),
    *("<img src=x onerror=alert(1)>", "<svg/onload=alert(1)>", "</textarea><script>"),
    *("&lt;b&gt;", "&#0;", "]]>", "<!--", "<?php", "<%= 1 %>", "{% debug %}", "{{x}}"),
    *("%s%n%x", "{0.__class__}", "$(id)", "`id`", "|id", ";id", "\\x00", "\\u0000"),
    *(
        "1/0",
        "=1+1",
        "+1",
        "@SUM(1)",
        "-1+1",
        "＝1",
        '"',
        "''",
        "\\'",
        '\\"',
        "--",
        "/*",
    ),
    *("(a+)+$", "[", "(?", "*" * 40, "%" * 40, "_" * 40, "\\" * 40, "(" * 400),
    *("__proto__", "constructor", "None", "False", "on", "off", "[object Object]"),
    *("xn--", "localhost", "con", "nul", "..", "a/../b", "\\\\host\\x", "~root", "a:b"),
    *(
        "Bcc: x@example.org",
        "x\nBcc: y@example.org",
        "x\r\n\r\n<html>",
        "=?utf-8?q?x?=",
    ),
]
NUMBERS = [
    *("-0", "+1", "1.0", "1.5", "1,5", "1 000", " 1", "1 ", "1e3", "1e-3", "1E400"),
    *("inf", "-Infinity", "nan", "0b1", "0o7", "٣", "Ⅳ", "½", "一", "1" * 5000),
    *(str(n) for power in (15, 31, 32, 53, 63, 64) for n in (2**power, -(2**power))),
]
DATES = [
    *("0000-01-01", "0001-01-01", "1582-10-10", "1899-12-31", "9999-12-31", "10000-1-1"),
    *("-0001-01-01", "2026-00-01", "2026-13-01", "2026-02-29", "2100-02-29", "2026-04-31"),
    *("2026-1-1", "26-01-01", "01/02/2026", "1.2.2026", "2026年1月1日", "20260101"),
    *("2026-W01-1", "2026-001", "2026-01-01T00:00", "2026-01-01T24:00:00Z", "today"),
    *("2026-01-01T00:00:60", "2026-01-01+14:00", "９９９９-12-31", "2026‐01‐01", "now()"),
    str(date.max), str(date.min), "0", "1767225600", "31", "2026", "2026-01", "--01-01",
]  # fmt: skip
URLS = [
    *("http:", "http://", "http:///x", "https://?", "https://#", "//x", "http:/x"),
    *("javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,x", "vbscript:x"),
    *("file:///etc/passwd", "ftp://x.example/", "gopher://x/", "mailto:a@b.c", "tel:1"),
    *(f"http://{host}/" for host in (
        *("127.0.0.1", "127.1", "0", "2130706433", "0x7f000001", "017700000001"),
        *("[::1]", "[::ffff:127.0.0.1]", "[fe80::1%25eth0]", "169.254.169.254", "[::"),
        *("localhost", "a..b", ".a", "a.", "-a.example", "a_b.example", "a" * 64 + ".org"),
        *("ⓔⓧⓐⓜⓟⓛⓔ.org", "例え.テスト", "xn--a", "a\u3002org", "a b", "a\tb", "a\\b"),
    )),
    *(f"http://a.example{port}/" for port in (":0", ":99999", ":-1", ":x", ":", ":80:80")),
    *("http://u:p@a.example/", "http://a@b@c.example/", "http://a.example\\@b.example/"),
    *("http://a.example/\r\nX: y", "http://a.example/\x00", "http://a.example/%00"),
    "http://a.example/" + "x" * 9000, "http://a.example/?" + "a=b&" * 3000,
]  # fmt: skip
HEADERS = {
    "Accept": ["", "*", "/", "a/b;q=x", "text/html;q=9", "a" * 5000, "," * 500],
    "Accept-Language": ["", "x", "zh;q=x", "-", "zh-" * 300, "a" * 5000, "*;q=2", ","],
    "Accept-Encoding": [
        "",
        "x",
        "gzip;q=x",
        "br;q=-1",
        "," * 500,
        "identity;q=0,*;q=0",
    ],
    "Authorization": ["", "Bearer", "Bearer ", "Basic x", "x" * 5000, "Bearer \xff"],
    "Cookie": [
        "=",
        ";;;",
        "sessionid=",
        "sessionid=\x00",
        "a=b; " * 500,
        "sessionid=é",
    ],
    "If-None-Match": ["", "*", '"', 'W/"', "x" * 5000, ",".join(['"a"'] * 500)],
    "If-Modified-Since": [
        "",
        "x",
        "0",
        "Mon, 99 Foo 9999 99:99:99 GMT",
        "-1",
        "9" * 400,
    ],
    "If-Match": ["", "*", '"x"', "x"],
    "Range": ["bytes=", "bytes=0-", "bytes=9-1", "x=0-1", "bytes=0-0," * 200],
    "Origin": ["", "null", "x", "https://evil.example", "http://[", "\xff"],
    "Referer": ["", "x", "http://[", "https://evil.example/", "x" * 5000, "\xff"],
    "X-Forwarded-For": ["", "x", "1.2.3.4, ::1", "999.9.9.9", "," * 500, "[", "\xff"],
    "X-Forwarded-Proto": ["https", "x"],
    "X-Request-Id": ["", "x" * 5000, "\x00", "<script>", "a b"],
    "X-Http-Method-Override": ["DELETE", "PUT", "x"],
    "Content-Type": ["", "x", "/", "text/html; charset=x", "multipart/form-data"],
    "Idempotency-Key": ["", "x" * 999, "\xff", "é"],
    "Sec-Fetch-Site": ["", "cross-site", "x"],
    "Purpose": ["prefetch"],
    "Traceparent": ["x", "00-" + "0" * 32 + "-0-00", "0" * 5000],
}
VALUES = [*TEXTS, *NUMBERS, *DATES, *URLS]
BODIES = [*NO_JSON.values()]
WRONG_TYPES = WRONG
FILES = {
    "x.csv": [
        *(b"", b"\0", b"a,b\n\0,1\n", b"\xff\xfe\x00", b'"', b"a\n" * 9, b"," * 9000),
        *(b"slug,slug\n1,2\n", "題,年\n".encode("gbk"), b"\xef\xbb\xbf", b"=1+1\n"),
    ],
    "x.json": [*NO_JSON.values()],
    "x.xlsx": [b"", b"PK\x03\x04", b"PK\x05\x06" + b"\0" * 18, b"<xml/>", b"\0" * 9999],
    "../../x": [b"x", b"\x89PNG\r\n\x1a\n", b"%PDF-1.7", b"GIF89a", b"<svg/>"],
    "x.html": [b"<html>", b"<script>alert(1)</script>", b"<!DOCTYPE x [<!ENTITY e 'e'>]>"],
}  # fmt: skip
