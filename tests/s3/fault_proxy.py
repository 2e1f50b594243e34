"""A proxy between the program and an S3 server that spoils requests, as a seed says.

What a seed means is in fault_plan.py; here is how each fault is done to an exchange.
"""
import contextlib
import datetime
import email.utils
import socket
import threading
import time
import urllib.parse

import resign
from fault_plan import FaultPlan, SERVER_REGION

STALL_S = 45  # longer than the program waits for the first byte of an answer


def http_date(ahead_s=0):
    return email.utils.format_datetime(
        datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=ahead_s),
        usegmt=True)


def error_answer(method, status, code, headers=(), region=None):
    """An error as S3 gives it; without its body for HEAD."""
    where = f"<Region>{region}</Region>" if region else ""
    body = f"<Error><Code>{code}</Code><Message>injected</Message>{where}</Error>".encode()
    lines = [f"HTTP/1.1 {status} Injected", "Content-Type: application/xml",
             f"Content-Length: {len(body)}", *(f"{name}: {value}" for name, value in headers)]
    head = ("\r\n".join(lines) + "\r\n\r\n").encode()
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


def with_length(head, length):
    lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"content-length:")]
    return b"\r\n".join([lines[0], b"Content-Length: %d" % length, *lines[1:]])


def flipped(body, where):
    if not body:
        return body
    at = int(where * len(body))
    return body[:at] + bytes([body[at] ^ 16]) + body[at + 1:]


class FaultProxy:
    """`with FaultProxy(url, seed) as proxy:` serves at proxy.url until proxy.plan.stop()."""

    def __init__(self, url, seed):
        parts = urllib.parse.urlsplit(url)
        self.upstream = (parts.hostname, parts.port)
        self.plan = FaultPlan(seed)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.host = f"127.0.0.1:{self.listener.getsockname()[1]}"
        self.url = f"http://{self.host}"

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

    def exchange(self, client, server, requests, answers):
        head, body = requests.message()
        method = head.split(b" ")[0]
        surrounding = self.refusal_of_surroundings(method, head)
        if surrounding:
            client.sendall(surrounding)
            return
        fault, where = self.plan.choose(method, body)
        refused = self.refusal(fault, method, where)
        if refused:
            client.sendall(refused)
            return
        if self.plan.clock_ahead_s or self.plan.tokens:
            head = resign.signed_again(head)
        if fault == "flip_write":
            body = flipped(body, where)
        server.sendall(head + body)
        answer_head, answer_body = answers.message(has_body=method != b"HEAD")
        self.give(client, fault, where, method, answer_head, answer_body)

    def refusal_of_surroundings(self, method, head):
        """What a server with another clock, region or idea of the token's age says to all."""
        plan = self.plan
        claimed = resign.Claim(head)
        if plan.clock_ahead_s:
            there = time.time() + plan.clock_ahead_s
            if abs(claimed.time - there) > 900:
                return error_answer(method, 403, "RequestTimeTooSkewed",
                                    [("Date", http_date(plan.clock_ahead_s))])
        if plan.region != SERVER_REGION and claimed.region != SERVER_REGION:
            return error_answer(method, 301, "PermanentRedirect",
                                [("x-amz-bucket-region", SERVER_REGION)])
        if plan.tokens and not plan.tokens.is_current(claimed.token):
            return error_answer(method, 400, "ExpiredToken")
        # The server will see a signature of ours.
        if (plan.clock_ahead_s or plan.tokens) and not claimed.is_right(head):
            return error_answer(method, 403, "SignatureDoesNotMatch")
        return None

    def refusal(self, fault, method, where):
        """The answer to a request that the server never sees."""
        if fault == "reset":
            raise ConnectionError
        if fault == "stall":
            threading.Event().wait(STALL_S)
            raise ConnectionError
        if fault == "error":
            return error_answer(method, 500, "InternalError")
        if fault == "unavailable":
            return error_answer(method, 503, "ServiceUnavailable", [("Retry-After", "1")])
        if fault == "slow_down":
            return error_answer(method, 503, "SlowDown")
        if fault == "redirect":
            region = SERVER_REGION if where < 0.5 else "eu-central-1"
            return error_answer(method, 301, "PermanentRedirect",
                                [("x-amz-bucket-region", region)])
        if fault == "expired":
            return error_answer(method, 400, "ExpiredToken")
        if fault == "skewed":
            ahead = self.plan.clock_ahead_s if where < 0.5 else 7200
            return error_answer(method, 403, "RequestTimeTooSkewed", [("Date", http_date(ahead))])
        return None

    @staticmethod
    def give(client, fault, where, method, head, body):
        is_data = head.startswith(b"HTTP/1.1 206")
        if fault == "lost":
            raise ConnectionError
        if fault == "flip_read" and is_data or fault == "flip_text" and not is_data:
            body = flipped(body, where)
        if fault == "pause":
            threading.Event().wait(0.3)
        if fault == "drip":
            client.sendall(head)
            for at in range(0, min(len(body), 4000), 500):
                client.sendall(body[at:at + 500])
                threading.Event().wait(0.2)
            client.sendall(body[4000:])
            return
        if fault == "long":  # ends before what it announces
            client.sendall(with_length(head, content_length(head) + 1 + int(where * 100)) + body)
            raise ConnectionError
        if fault == "short":  # announces less than it sends
            client.sendall(with_length(head, int(where * content_length(head))) + body)
            raise ConnectionError
        if fault == "cut":
            client.sendall(head + body[:int(where * len(body))])
            raise ConnectionError
        client.sendall(head + body)
