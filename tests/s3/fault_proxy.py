"""A proxy between the program and a server of S3 or OSS that spoils requests, as a seed says.

What a seed means is in fault_plan.py; here is how each fault is done to an exchange.
"""
import datetime
import email.utils
import re
import socket
import struct
import threading
import time

import resign
from fault_plan import SERVER_REGION
from proxy import Proxy, content_length, error_answer

ELSEWHERE = b"/where-a-redirect-points"
STALL_S = 45  # longer than the program waits for the first byte of an answer


def http_date(ahead_s=0):
    return email.utils.format_datetime(
        datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=ahead_s),
        usegmt=True)


def with_length(head, length):
    lines = [line for line in head.split(b"\r\n")
             if not line.lower().startswith(b"content-length:")]
    return b"\r\n".join([lines[0], b"Content-Length: %d" % length, *lines[1:]])


def is_object(method, head):
    """Whether the body of the answer is bytes of an object."""
    return method == b"GET" and b"\r\netag:" in head.lower()


def at_another_time(head, body, ahead_s):
    """The answer as of a service whose clock is ahead, where that matters: its own time, and when
    uploads were begun."""
    head = re.sub(rb"(?i)\r\nDate: [^\r]*", b"\r\nDate: " + http_date(ahead_s).encode(), head)
    if b"<Initiated>" not in body:
        return head, body

    def moved(found):
        begun = datetime.datetime.fromisoformat(found[1].decode().replace("Z", "+00:00"))
        begun += datetime.timedelta(seconds=ahead_s)
        return begun.strftime("<Initiated>%Y-%m-%dT%H:%M:%S.000Z</Initiated>").encode()
    body = re.sub(rb"<Initiated>([^<]*)</Initiated>", moved, body)
    return with_length(head, len(body)), body


def flipped(body, where):
    bit = int(where * len(body) * 8)
    at = bit // 8
    return body[:at] + bytes([body[at] ^ 1 << bit % 8]) + body[at + 1:]


# What was injected in the service's own words.
CODES = {"s3": {"error": (500, "InternalError"), "unavailable": (503, "ServiceUnavailable"),
                "slow_down": (503, "SlowDown"), "redirect": (301, "PermanentRedirect"),
                "expired": (400, "ExpiredToken"), "skewed": (403, "RequestTimeTooSkewed"),
                "unsigned": (403, "SignatureDoesNotMatch")}}
CODES["oss"] = {**CODES["s3"], "slow_down": (503, "DownloadTrafficRateLimitExceeded"),
                "expired": (403, "SecurityTokenExpired")}


class FaultProxy(Proxy):
    """Spoils requests until plan.stop()."""

    def __init__(self, url, plan, tls=None):
        super().__init__(url, tls)
        self.plan = plan
        self.followed = False  # a redirect to a place that says nothing of who is there

    def exchange(self, client, server, requests, answers):
        head, body = requests.message()
        method = head.split(b" ")[0]
        plan = self.plan
        if ELSEWHERE in head.split(b"\r\n")[0]:
            self.followed = True
            raise ConnectionError
        claimed = resign.Claim(plan.service, head)
        surrounding = self.refusal_of_surroundings(method, claimed)
        if surrounding:
            client.sendall(surrounding)
            return
        fault, where = plan.choose(body)
        refused = self.refusal(fault, client, method, where)
        if refused:
            client.sendall(refused)
            return
        if plan.clock_ahead_s or plan.tokens:
            head = claimed.signed_again()
        if fault == "flip_write":
            body = flipped(body, where)
            plan.did(fault)
        server.sendall(head + body)
        answer_head, answer_body = answers.message(has_body=method != b"HEAD")
        self.give(client, fault, where, method, answer_head, answer_body)

    def refused(self, method, fault, headers=()):
        return error_answer(method, *CODES[self.plan.service][fault], headers)

    def refusal_of_surroundings(self, method, claimed):
        """What a server with another clock, region or idea of the token's age says to all."""
        plan = self.plan
        if plan.clock_ahead_s:
            there = time.time() + plan.clock_ahead_s
            if abs(claimed.time - there) > 900:
                return self.refused(method, "skewed", [("Date", http_date(plan.clock_ahead_s))])
        if plan.region != SERVER_REGION and claimed.region != SERVER_REGION:
            return self.refused(method, "redirect", [("x-amz-bucket-region", SERVER_REGION)])
        if plan.tokens and not plan.tokens.is_current(claimed.token):
            return self.refused(method, "expired")
        # The server will see a signature of ours.
        if (plan.clock_ahead_s or plan.tokens) and not claimed.is_right():
            return self.refused(method, "unsigned")
        return None

    def refusal(self, fault, client, method, where):
        """The answer to a request that the server never sees."""
        if fault == "reset":
            self.plan.did(fault)
            self.break_off(client, where)
        if fault == "stall":
            self.plan.did(fault)
            threading.Event().wait(STALL_S)
            raise ConnectionError
        headers = []
        if fault == "unavailable":
            headers = [("Retry-After", "1")]
        elif fault == "redirect" and where < 0.7:
            region = SERVER_REGION if where < 0.35 else "eu-central-1"
            headers = [("x-amz-bucket-region", region)]
        elif fault == "redirect":  # whoever listens there must not be sent a signed request
            headers = [("Location", self.url + ELSEWHERE.decode())]
        elif fault == "skewed":
            ahead = self.plan.clock_ahead_s if where < 0.5 else 7200
            headers = [("Date", http_date(ahead))]
        elif fault not in CODES[self.plan.service]:
            return None
        self.plan.did(fault)
        return self.refused(method, fault, headers)

    @staticmethod
    def break_off(client, where):
        """By a reset, or by an orderly end, which is none that the client expects."""
        if where < 0.5:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raise ConnectionError

    def give(self, client, fault, where, method, head, body):
        """The server's answer, spoiled."""
        if self.plan.clock_ahead_s:
            head, body = at_another_time(head, body, self.plan.clock_ahead_s)
        length = content_length(head)
        possible = {"lost": True, "pause": True, "drip": body, "cut": body, "long": True,
                    "short": length, "flip_read": body and is_object(method, head),
                    "flip_text": body and not is_object(method, head)}
        if not possible.get(fault):
            client.sendall(head + body)
            return
        self.plan.did(fault)
        if fault == "lost":
            self.break_off(client, where)
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
            client.sendall(with_length(head, length + 1 + int(where * 100)) + body)
            raise ConnectionError
        if fault == "short":  # announces less than it sends
            client.sendall(with_length(head, int(where * length)) + body)
            raise ConnectionError
        if fault == "cut":
            client.sendall(head + body[:int(where * len(body))])
            raise ConnectionError
        if fault in ("flip_read", "flip_text"):
            body = flipped(body, where)
        client.sendall(head + body)
