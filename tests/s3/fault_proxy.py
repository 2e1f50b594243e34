"""A proxy between the program and an S3 server that spoils one request in so many, by a seed."""
import contextlib
import random
import socket
import threading
import urllib.parse

FAULTS = ("reset", "lost", "error", "slow_down", "cut", "flip_read", "flip_write", "pause")


def error_answer(method, status, code):
    body = f"<Error><Code>{code}</Code><Message>injected</Message></Error>".encode()
    head = (f"HTTP/1.1 {status} Injected\r\nContent-Type: application/xml\r\n"
            f"Content-Length: {len(body)}\r\n\r\n").encode()
    return head if method == b"HEAD" else head + body


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
        while len(self.buffer) < size:
            self.fill()
        taken, self.buffer = self.buffer[:size], self.buffer[size:]
        return taken

    def message(self, has_body=True):
        while b"\r\n\r\n" not in self.buffer:
            self.fill()
        head = self.take(self.buffer.index(b"\r\n\r\n") + 4)
        length = 0
        for line in head.split(b"\r\n"):
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        return head, self.take(length) if has_body else b""


class FaultProxy:
    """`with FaultProxy(url, seed, one_in=12) as proxy:` serves at proxy.url."""

    def __init__(self, url, seed, one_in):
        parts = urllib.parse.urlsplit(url)
        self.upstream = (parts.hostname, parts.port)
        self.random, self.one_in = random.Random(seed), one_in
        self.lock = threading.Lock()
        self.injected = {fault: 0 for fault in FAULTS}  # guarded by lock
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"

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
            requests, answers = Stream(client), Stream(server)
            while True:
                self.exchange(client, server, requests, answers)

    def choose(self, method, body):
        with self.lock:
            if self.random.randrange(self.one_in):
                return None, 0
            fault = self.random.choice(FAULTS)
            if fault == "flip_read" and method != b"GET" or fault == "flip_write" and not body:
                return None, 0
            self.injected[fault] += 1
            return fault, self.random.random()

    @staticmethod
    def flipped(body, where):
        if not body:
            return body
        at = int(where * len(body))
        return body[:at] + bytes([body[at] ^ 16]) + body[at + 1:]

    def exchange(self, client, server, requests, answers):
        head, body = requests.message()
        method = head.split(b" ")[0]
        fault, where = self.choose(method, body)
        if fault == "reset":
            raise ConnectionError
        if fault == "error":
            client.sendall(error_answer(method, 500, "InternalError"))
            return
        if fault == "slow_down":
            client.sendall(error_answer(method, 503, "SlowDown"))
            return
        if fault == "flip_write":
            body = self.flipped(body, where)
        server.sendall(head + body)
        answer_head, answer_body = answers.message(has_body=method != b"HEAD")
        if fault == "lost":
            raise ConnectionError
        if fault == "flip_read" and answer_head.startswith(b"HTTP/1.1 206"):
            answer_body = self.flipped(answer_body, where)
        if fault == "pause":
            threading.Event().wait(0.3)
        if fault == "cut":
            client.sendall(answer_head + answer_body[:len(answer_body) // 2])
            raise ConnectionError
        client.sendall(answer_head + answer_body)
