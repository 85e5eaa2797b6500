#!/usr/bin/env python3
"""Hears waybilld's events. In waybilld.toml: [webhooks.shop] url = "http://127.0.0.1:9000/", secret_file = "hook.key"

    python3 webhook.py 9000 hook.key        (nothing to install)
"""
import hashlib, hmac, json, sys, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

AGE_MAX = 300  # seconds


def is_ours(secret, headers, body):
    """Whether whoever sent this knows the secret, and sent it just now."""
    timestamp = headers.get("waybilld-timestamp", "")
    signed = hmac.new(secret, timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    is_fresh = timestamp.isdigit() and abs(time.time() - int(timestamp)) < AGE_MAX
    return is_fresh and hmac.compare_digest(headers.get("waybilld-signature", ""), f"v1={signed}")


class Hook(BaseHTTPRequestHandler):
    secret = b""
    # Events come at least once and in order: keep this number beside your data, and what comes twice is done once.
    last = 0

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        if not is_ours(self.secret, self.headers, body):
            return self.answer(401)
        for event in json.loads(body)["events"]:
            if event["seq"] > Hook.last:
                self.handle_event(event)
                Hook.last = event["seq"]
        # Any 2xx says that you have them. Without it they come again.
        self.answer(204)

    def handle_event(self, event):
        # Your work goes here: `printed`, `in_doubt`, `held`, `voided`, `media_empty`, … A `gap` says that events were
        # erased before you could hear them: ask for the labels you wait for.
        print(event["kind"], event.get("label") or event.get("job") or event.get("printer"), flush=True)

    def answer(self, status):
        self.send_response(status)
        self.end_headers()

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    port, key = sys.argv[1:]
    with open(key, "rb") as file:
        Hook.secret = file.read().strip()
    ThreadingHTTPServer(("127.0.0.1", int(port)), Hook).serve_forever()
