"""The web that is checked: 200 hosts on loopback, one page per link, with ETags.

Run as a process of its own: ``python -m bench.server PORT PAUSE``; each answer takes
PAUSE seconds.
"""

import asyncio
import hashlib
import sys

SENTENCE = (
    "The commission decided that item {n} of the list enters into force on the first "
    "day of the month, and that the ministry publishes the rules in due time. "
)


def page(path: str) -> bytes:
    text = "".join(
        f"<p>{SENTENCE.format(n=f'{path} {number}') * 3}</p>" for number in range(8)
    )
    return (
        f"<!doctype html><html><head><title>Notice {path}</title></head><body>"
        f"<nav><a href='/'>Home</a></nav><article><h1>Notice {path}</h1>{text}"
        "</article></body></html>"
    ).encode()


async def answer(reader, writer, pause):
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        method, path, _ = head.split("\r\n")[0].split(" ")
        await asyncio.sleep(pause)
        if path == "/robots.txt":
            status, body, tag = "404 Not Found", b"", ""
        else:
            status, body = "200 OK", page(path)
            tag = f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"'
            if f"If-None-Match: {tag}".lower() in head.lower():
                status, body = "304 Not Modified", b""
        lines = [
            f"HTTP/1.1 {status}",
            "Content-Type: text/html; charset=utf-8",
            f"Content-Length: {len(body)}",
            "Connection: close",
        ]
        if tag:
            lines.append(f"ETag: {tag}")
        writer.write("\r\n".join(lines).encode() + b"\r\n\r\n")
        if method != "HEAD":
            writer.write(body)
        await writer.drain()
    except (ConnectionError, asyncio.IncompleteReadError):
        pass
    finally:
        writer.close()


async def main(port: int, pause: float) -> None:
    async def played(reader, writer):
        await answer(reader, writer, pause)

    server = await asyncio.start_server(played, "0.0.0.0", port, backlog=1024)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), float(sys.argv[2])))
