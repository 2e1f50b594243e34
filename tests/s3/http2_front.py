"""Speaks HTTP/2 over TLS, and nothing else, in front of a server of HTTP/1.1.

Usage: http2_front.py UPSTREAM_PORT CERT KEY STREAMS_PER_CONNECTION
Runs in a Python that has the package h2.  Prints its port, and then a line of JSON for each request:
the number of its connection, and the method.  One stream at a time is allowed; a connection has so
many streams and is then closed with a GOAWAY, as services do.
"""
import http.client
import itertools
import json
import socket
import ssl
import sys
import threading

import h2.config
import h2.connection
import h2.events
import h2.settings

HOPS = ("connection", "keep-alive", "transfer-encoding")
SAYING = threading.Lock()


def say(what):
    with SAYING:
        print(what, flush=True)


class Connection:
    def __init__(self, sock, number, upstream, streams):
        self.sock, self.number, self.upstream, self.left = sock, number, upstream, streams
        self.h2 = h2.connection.H2Connection(
            h2.config.H2Configuration(client_side=False, header_encoding="latin-1"))
        self.head, self.body = {}, {}

    def run(self):
        self.h2.local_settings = h2.settings.Settings(
            client=False, initial_values={
                h2.settings.SettingCodes.MAX_CONCURRENT_STREAMS: 1,
                h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: 1 << 18})
        self.h2.initiate_connection()
        self.flush()
        while self.left > 0:
            for event in self.receive():
                if isinstance(event, h2.events.StreamEnded):
                    self.answer(event.stream_id)
                    self.left -= 1
        self.h2.close_connection()
        self.flush()

    def flush(self):
        self.sock.sendall(self.h2.data_to_send())

    def receive(self):
        data = self.sock.recv(1 << 16)
        if not data:
            raise ConnectionError
        events = self.h2.receive_data(data)
        for event in events:
            if isinstance(event, h2.events.RequestReceived):
                self.head[event.stream_id], self.body[event.stream_id] = event.headers, []
            elif isinstance(event, h2.events.DataReceived):
                self.body[event.stream_id].append(event.data)
                self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            elif isinstance(event, h2.events.ConnectionTerminated):
                raise ConnectionError
        self.flush()
        return events

    def answer(self, stream):
        head, body = self.head.pop(stream), b"".join(self.body.pop(stream))
        pseudo = {name: value for name, value in head if name.startswith(":")}
        say(json.dumps({"connection": self.number, "method": pseudo[":method"]}))
        upstream = http.client.HTTPConnection("127.0.0.1", self.upstream, timeout=60)
        upstream.putrequest(pseudo[":method"], pseudo[":path"], skip_host=True,
                            skip_accept_encoding=True)
        upstream.putheader("host", pseudo[":authority"])
        for name, value in head:
            if not name.startswith(":") and name != "content-length":
                upstream.putheader(name, value)
        if body or pseudo[":method"] in ("PUT", "POST"):
            upstream.putheader("content-length", str(len(body)))
        upstream.endheaders(body or None)
        told = upstream.getresponse()
        answer = told.read()
        self.h2.send_headers(stream, [(":status", str(told.status))] + [
            (name.lower(), value) for name, value in told.getheaders()
            if name.lower() not in HOPS], end_stream=not answer)
        self.flush()
        self.send(stream, answer)
        upstream.close()

    def send(self, stream, data):
        while data:
            room = min(self.h2.local_flow_control_window(stream), self.h2.max_outbound_frame_size)
            if room == 0:
                self.receive()
                continue
            self.h2.send_data(stream, data[:room], end_stream=len(data) <= room)
            self.flush()
            data = data[room:]


def main():
    upstream, cert, key, streams = int(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    context.set_alpn_protocols(["h2"])
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    say(listener.getsockname()[1])

    def serve(client, number):
        try:
            with client, context.wrap_socket(client, server_side=True) as sock:
                if sock.selected_alpn_protocol() != "h2":
                    say(json.dumps({"connection": number, "method": "not HTTP/2"}))
                    return
                Connection(sock, number, upstream, streams).run()
        except (ConnectionError, OSError):
            pass

    for number in itertools.count():
        client, _ = listener.accept()
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=serve, args=(client, number), daemon=True).start()


if __name__ == "__main__":
    main()
