#!/usr/bin/env python3
"""A small host of an issuer: takes what a cardwright center tells about cards (docs/host.md).

    cardwright-center host set --url http://127.0.0.1:8099/events --as Ada    # prints: host-signature.1 5b7e...
    umask 077; echo "host-signature.1 5b7e..." > secrets
    python3 receiver.py --port 8099 --secrets secrets --database accounts.sqlite

It shows what any host has to do, with Python's standard library alone: verify the signature, refuse what is old,
take each event once, keep the order of each card's events, and answer 200 only when what it did is on disk.
A real host stands behind TLS; this one listens on loopback.
"""

import argparse
import hashlib
import hmac
import json
import sqlite3
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

LONGEST_BODY = 64 * 1024
# Seconds between the center's clock and ours, and for the way. Whoever replays an event later is refused by its time,
# whoever does it at once by its id.
TOLERANCE = 300
# What an event makes of the account that the card belongs to; "held" is blocked until another event.
ACCOUNT = {
    "issued": "active",
    "changed": "active",
    "unblocked": "active",
    "blocked": "blocked",
    "lost": "held",
    "unknown": "held",
    "terminated": "closed",
}
# What alone ends such a state. A change that was cut may be finished after an order has blocked the card.
LEAVES = {"blocked": {"unblocked", "terminated"}, "closed": set()}


class Refused(Exception):
    def __init__(self, status, reason):
        super().__init__(reason)
        self.status = status


def read_secrets(path):
    """One key a line: its name and 32 bytes in hexadecimal. While a key is changed there are two."""
    with open(path, encoding="ascii") as lines:
        return {name: bytes.fromhex(value) for name, value in (line.split() for line in lines if line.strip())}


def verify(secrets, headers, body, now):
    """That somebody who has one of our secrets signed this body at this time."""
    sent = headers.get("cardwright-time", "")
    if not (sent.isascii() and sent.isdigit() and len(sent) <= 12):
        raise Refused(401, "no time")
    message = sent.encode("ascii") + b"." + body
    for signature in headers.get("cardwright-signature", "").split(","):
        key, _, value = signature.strip().partition("=")
        if key in secrets:
            right = hmac.new(secrets[key], message, hashlib.sha256).hexdigest()
            if hmac.compare_digest(right.encode(), value.encode()):
                break
    else:
        raise Refused(401, "no signature of a key that is known here")
    if abs(now - int(sent)) > TOLERANCE:
        raise Refused(401, "too old, or the clocks differ")


class Accounts:
    """What is known of cards. One transaction an event: taken whole, or not at all."""

    def __init__(self, path):
        self.lock = threading.Lock()
        self.rows = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self.rows.execute("PRAGMA synchronous = FULL")
        self.rows.execute("CREATE TABLE IF NOT EXISTS events (id TEXT PRIMARY KEY, number INTEGER, body TEXT)")
        self.rows.execute(
            "CREATE TABLE IF NOT EXISTS accounts (card TEXT PRIMARY KEY, state TEXT, number INTEGER, masked TEXT)"
        )

    def take(self, event, body):
        """True where the event is new; a known one is taken already, and is not done again."""
        with self.lock:
            self.rows.execute("BEGIN IMMEDIATE")
            try:
                new = self.take_once(event, body)
                self.rows.execute("COMMIT")
                return new
            except BaseException:
                self.rows.execute("ROLLBACK")
                raise

    def take_once(self, event, body):
        if self.rows.execute("SELECT 1 FROM events WHERE id = ?", (event["id"],)).fetchone():
            return False
        card, number = event["card"], event["number"]
        last = self.rows.execute("SELECT number, state FROM accounts WHERE card = ?", (card,)).fetchone()
        if last and last[0] >= number:
            raise Refused(409, "a later event of this card was taken already")
        self.rows.execute("INSERT INTO events VALUES (?, ?, ?)", (event["id"], number, body.decode("utf-8")))
        state = ACCOUNT.get(event["kind"])
        if last and event["kind"] not in LEAVES.get(last[1], {event["kind"]}):
            state = last[1]
        if card and state:
            self.rows.execute(
                "INSERT INTO accounts VALUES (?, ?, ?, ?) ON CONFLICT (card) DO UPDATE SET"
                " state = excluded.state, number = excluded.number, masked = excluded.masked",
                (card, state, number, event["masked_number"]),
            )
        return True


def make_handler(secrets, accounts):
    class Handler(BaseHTTPRequestHandler):
        timeout = 10

        def do_POST(self):
            try:
                length = self.headers.get("content-length", "")
                if not length.isdigit() or int(length) > LONGEST_BODY:
                    raise Refused(413, "too long")
                body = self.rfile.read(int(length))
                verify(secrets, self.headers, body, time.time())
                event = json.loads(body)
                if event["format"] != 1 or event["id"] != self.headers.get("cardwright-event"):
                    raise Refused(400, "another form of event")
                new = accounts.take(event, body)
                self.say(200, "taken" if new else "known")
                if new:
                    print(f"{event['number']} {event['kind']} {event['order']} {event['card']}", flush=True)
            except Refused as refused:
                self.say(refused.status, str(refused))
            except (KeyError, TypeError, ValueError):
                self.say(400, "no event")

        def say(self, status, text):
            body = (text + "\n").encode()
            self.send_response(status)
            self.send_header("content-type", "text/plain")
            self.send_header("content-length", str(len(body)))
            self.send_header("connection", "close")
            self.end_headers()
            self.wfile.write(body)
            self.close_connection = True

        def log_message(self, form, *values):
            print(form % values, file=sys.stderr)

    return Handler


def main():
    arguments = argparse.ArgumentParser(description="Takes what a cardwright center tells about cards.")
    arguments.add_argument("--port", type=int, default=8099, help="on loopback; 0 takes a free one")
    arguments.add_argument("--secrets", required=True, help="a file: NAME HEXADECIMAL, one key a line")
    arguments.add_argument("--database", required=True, help="a SQLite file for what was taken")
    given = arguments.parse_args()
    handler = make_handler(read_secrets(given.secrets), Accounts(given.database))
    server = ThreadingHTTPServer(("127.0.0.1", given.port), handler)
    print(f"ready {server.server_address[1]}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
