"""HTTP: reads requests, writes answers and a line of the log for each."""
import http.server
import json
import os
import socket
import sys
import threading
import time
import traceback
import uuid

from . import request as requests_
from . import routes, signatures
from .answer import Answer
from .errors import OssError
from .identities import ANONYMOUS
from .state import State

_DRAIN = 1 << 20


class Log:
    """One JSON object a line: method, bucket, key, query, status, principal, operation, code."""

    def __init__(self, path):
        self.lock = threading.Lock()
        self.file = open(path, "a", encoding="utf-8") if path else None

    def write(self, **fields):
        if not self.file:
            return
        with self.lock:
            self.file.write(json.dumps(fields) + "\n")
            self.file.flush()


class Body:
    """The body of a request, of which no more is read than there is."""

    def __init__(self, file, length):
        self.file, self.left = file, length

    def read(self, size):
        data = self.file.read(min(size, self.left))
        self.left -= len(data)
        return data


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "AliyunOSS", ""
    disable_nagle_algorithm = True
    wbufsize = -1

    def log_message(self, *unused):
        pass

    def date_time_string(self, timestamp=None):
        return super().date_time_string(self.server.state.clock() if timestamp is None
                                        else timestamp)

    def serve(self):
        self.request_id = uuid.uuid4().hex[:24].upper()
        self.operation, asked, error = "", None, None
        body = Body(self.rfile, 0)
        try:
            asked, body = self.parse()
            answer = self.answer_to(asked)
        except OssError as refusal:
            error, answer = refusal, self.refuse(refusal)
        except (ArithmeticError, AssertionError, LookupError, TypeError, ValueError):
            # A mistake of the double: nothing that a client may repeat until it is forgotten.
            traceback.print_exc()
            error = OssError("NotImplemented", traceback.format_exc(limit=-1))
            answer = self.refuse(error)
        self.server.log.write(
            method=self.command, target=self.path, operation=self.operation, status=answer.status,
            bucket=asked.bucket if asked else "", key=asked.key if asked else "",
            query=asked.query if asked else {}, code=error.code if error else "",
            principal=asked.principal.name if asked else ANONYMOUS.name)
        # What was not read stands in the way of the next request.
        while body.left > 0 and body.read(_DRAIN):
            pass
        if body.left > 0:
            self.close_connection = True
        self.send(answer)

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = serve

    def parse(self):
        headers = {}
        for name, value in self.headers.items():
            value = value.strip().encode("latin-1").decode("utf-8", "replace")
            name = name.lower()
            headers[name] = f"{headers[name]},{value}" if name in headers else value
        length = headers.get("content-length", "0")
        body = Body(self.rfile, int(length) if length.isdigit() else 0)
        if "transfer-encoding" in headers:
            self.close_connection = True
            raise OssError("MissingContentLength")
        asked = requests_.parse(self.command, self.path, headers)
        asked.body, asked.length = body, body.left
        return asked, body

    def answer_to(self, asked):
        state = self.server.state
        asked.principal = signatures.authenticate(asked, state.clock())
        operation = routes.operation_of(asked)
        self.operation = operation.name
        routes.authorise(asked, state, operation)
        return operation.run(asked, state)

    def refuse(self, error):
        body = error.xml(self.request_id, self.headers.get("host", ""))
        headers = [("Content-Type", "application/xml"), *error.headers]
        if error.ec:
            headers.append(("x-oss-ec", error.ec))
        if self.command == "HEAD" and error.status != 304:
            headers.append(("x-oss-err", error.header_value(body)))
        return Answer(error.status, headers, b"" if error.status == 304 else body)

    def send(self, answer):
        self.send_response(answer.status)
        self.send_header("x-oss-request-id", self.request_id)
        for name, value in answer.headers:
            self.send_header(name, value.encode().decode("latin-1"))
        size = answer.size if answer.content is not None else len(answer.body)
        if answer.status not in (204, 304):
            self.send_header("Content-Length", str(size))
        self.end_headers()
        if self.command != "HEAD" and answer.content is None:
            self.wfile.write(answer.body)
        self.wfile.flush()
        if self.command != "HEAD" and answer.content is not None:
            for piece, offset, length in answer.content.slice(answer.offset, answer.size):
                self.send_file(piece, offset, length)

    def send_file(self, piece, offset, length):
        with open(piece.path, "rb") as file:
            while length > 0:
                sent = os.sendfile(self.connection.fileno(), file.fileno(), offset, length)
                if sent == 0:
                    raise ConnectionError
                offset, length = offset + sent, length - sent


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port, directory, log_path="", clock_offset_s=0):
        super().__init__(("127.0.0.1", port), Handler)
        self.state = State(directory, lambda: int(time.time()) + clock_offset_s)
        self.log = Log(log_path)

    def server_bind(self):
        # Without the look-up of the machine's name that HTTPServer makes.
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_name, self.server_port = self.server_address

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], OSError):  # a client that went away
            super().handle_error(request, client_address)
