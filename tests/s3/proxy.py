"""A proxy between the program and a server, which tests put their own exchanges into."""
import base64
import contextlib
import socket
import threading
import urllib.parse


class Stream:
    """Messages of HTTP/1.1 with Content-Length, as this program and these servers send them."""

    def __init__(self, sock):
        self.sock, self.buffer = sock, b""

    def fill(self):
        data = self.sock.recv(1 << 16)
        if not data:
            raise ConnectionError
        self.buffer += data

    def take(self, size):
        pieces, missing = [self.buffer[:size]], size - len(self.buffer)
        self.buffer = self.buffer[size:]
        while missing > 0:
            data = self.sock.recv(min(missing, 1 << 20))
            if not data:
                raise ConnectionError
            pieces.append(data)
            missing -= len(data)
        return b"".join(pieces)

    def message(self, has_body=True):
        while b"\r\n\r\n" not in self.buffer:
            self.fill()
        head = self.take(self.buffer.index(b"\r\n\r\n") + 4)
        length = content_length(head)
        return head, self.take(length) if has_body else b""


def content_length(head):
    for line in head.split(b"\r\n"):
        if line.lower().startswith(b"content-length:"):
            return int(line.split(b":")[1])
    return 0


def error_answer(method, status, code, headers=()):
    """An error as S3 and OSS give it; for HEAD it has no body, and OSS puts it into a header."""
    body = f"<Error><Code>{code}</Code><Message>injected</Message></Error>".encode()
    lines = [f"HTTP/1.1 {status} Injected", "Content-Type: application/xml",
             f"Content-Length: {len(body)}", *(f"{name}: {value}" for name, value in headers)]
    if method == b"HEAD":
        lines.append(f"x-oss-err: {base64.b64encode(body).decode()}")
    head = ("\r\n".join(lines) + "\r\n\r\n").encode()
    return head if method == b"HEAD" else head + body


class Proxy:
    """`with Proxy(url) as proxy:` serves at proxy.url; over TLS when `tls`, a context of ssl, is
    given."""

    def __init__(self, url, tls=None):
        parts = urllib.parse.urlsplit(url)
        self.upstream = (parts.hostname, parts.port)
        self.tls = tls
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        scheme = "https" if tls else "http"
        self.url = f"{scheme}://127.0.0.1:{self.listener.getsockname()[1]}"

    def __enter__(self):
        threading.Thread(target=self.accept, daemon=True).start()
        return self

    def __exit__(self, *unused):
        self.listener.close()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        with contextlib.suppress(OSError, ConnectionError), client, \
                socket.create_connection(self.upstream) as server:
            for sock in (client, server):
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self.tls.wrap_socket(client, server_side=True) if self.tls else client as spoken:
                requests, answers = Stream(spoken), Stream(server)
                while True:
                    self.exchange(spoken, server, requests, answers)

    def exchange(self, client, server, requests, answers):
        """One request and its answer; ConnectionError ends the connection."""
        raise NotImplementedError
