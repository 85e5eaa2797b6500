#!/usr/bin/env python3
"""Prints labels with waybilld: submits a job, waits until every label has its end, prints one again.

    python3 shop.py wave-0712 labels.jsonl        (one label a line; nothing to install)
"""
import http.client, json, os, socket, sys, urllib.parse

SOCKET = os.environ.get("WAYBILLD_SOCKET") or os.environ["XDG_RUNTIME_DIR"] + "/waybilld.sock"
ON_ITS_WAY = {"waiting", "sending"}


class Waybilld(http.client.HTTPConnection):
    """HTTP over the daemon's Unix socket."""

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(SOCKET)


def ask(method, *path, body=None):
    """What the daemon answers, or the end of this program with its reasons."""
    daemon = Waybilld("waybilld")
    text = json.dumps(body) if body is not None else None
    daemon.request(method, "/".join(["/v1", *map(quote, path)]), text, {"content-type": "application/json"})
    answer = daemon.getresponse()
    said = json.load(answer)
    if answer.status < 300:
        return said
    # 422 tells every fault of every label, and nothing was taken. Any other no has its reason in `detail`.
    for fault in said.get("faults", []):
        print(f"{fault.get('label', 'the job')}: {fault['field']}: {fault['message']}", file=sys.stderr)
    sys.exit(f"{answer.status}: {said['detail']}")


def quote(piece):
    return urllib.parse.quote(piece, safe="")


def follow(job):
    """Waits until no label of the job is on its way any more."""
    daemon = Waybilld("waybilld")
    daemon.request("GET", "/v1/events")
    events = daemon.getresponse()
    # Asked once the events flow, so that nothing is missed in between.
    stands = ask("GET", "jobs", job)
    while ON_ITS_WAY & stands["counts"].keys():
        line = events.readline()
        if not line:
            sys.exit("The daemon went away. Run this again when it is back: nothing prints twice.")
        if line.startswith(b"data:") and json.loads(line[5:]).get("job") == job:
            stands = ask("GET", "jobs", job)
    return stands


def tell(stands):
    """How many labels stand in which state, and what needs a person."""
    print(f"job {stands['id']}:", ", ".join(f"{n} {state}" for state, n in sorted(stands["counts"].items())))
    for label in (label for run in stands["runs"] for label in run["labels"]):
        if label["state"] in ("in_doubt", "held"):
            print(f"label {label['id']} is {label['state']}: {label.get('reason', 'look at the tray')}")


if __name__ == "__main__":
    job, file = sys.argv[1:]
    with open(file, encoding="utf-8") as lines:
        labels = [json.loads(line) for line in lines if line.strip()]
    # The id makes it safe to send again: the same job is taken once.
    ask("POST", "jobs", body={"id": job, "sort": ["ship_by", "priority"], "labels": labels})
    tell(follow(job))

    first = labels[0]["id"]
    ask("POST", "labels", first, "reprint", body={"reason": "smudged", "by": "shop.py"})
    follow(job)
    label = ask("GET", "labels", first)
    print(f"label {first}: {label['state']}, {label['copies']} copies")
