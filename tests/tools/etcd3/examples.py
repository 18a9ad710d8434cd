"""The calls of the README and the documentation of the Python client `etcd3`, against the server that STORE_ENDPOINT names, with
what each must answer."""

import io
import os
import queue
import threading

import etcd3
from etcd3 import exceptions

WAIT = 30

host, port = os.environ["STORE_ENDPOINT"].rsplit(":", 1)


def client():
    return etcd3.client(host=host, port=int(port), timeout=WAIT)


def values(found):
    return [value for value, _ in found]


def keys_and_values(etcd):
    etcd.put("bar", "doot")
    value, meta = etcd.get("bar")
    assert (value, meta.key, meta.version) == (b"doot", b"bar", 1)
    assert etcd.get("absent") == (None, None)
    assert etcd.put("bar", "again", prev_kv=True).prev_kv.value == b"doot"
    assert etcd.delete("bar", return_response=True).deleted == 1
    assert not etcd.delete("bar")

    for n in range(3):
        etcd.put(f"/doot/{n}", f"v{2 - n}")
    assert values(etcd.get_prefix("/doot/")) == [b"v2", b"v1", b"v0"]
    assert values(etcd.get_prefix("/doot/", sort_order="ascend", sort_target="value")) == [b"v0", b"v1", b"v2"]
    assert values(etcd.get_range("/doot/0", "/doot/2")) == [b"v2", b"v1"]
    assert values(etcd.get_prefix("/doot/", keys_only=True)) == [b"", b"", b""]
    assert len(list(etcd.get_all())) == 3
    assert etcd.put_if_not_exists("new", "1") and not etcd.put_if_not_exists("new", "2")
    assert etcd.replace("new", "1", "3") and not etcd.replace("new", "1", "4")
    assert etcd.get("new")[0] == b"3"
    assert etcd.delete_prefix("/doot/").deleted == 3


def transactions(etcd):
    etcd.put("/doot/testing", "doot")
    run = lambda: etcd.transaction(
        compare=[
            etcd.transactions.value("/doot/testing") == "doot",
            etcd.transactions.version("/doot/testing") > 0,
        ],
        success=[etcd.transactions.put("/doot/testing", "success"), etcd.transactions.get("/doot/testing")],
        failure=[etcd.transactions.put("/doot/testing", "failure")],
    )
    succeeded, answers = run()
    assert succeeded and answers[1][0][0] == b"success"
    succeeded, _ = run()
    assert not succeeded and etcd.get("/doot/testing")[0] == b"failure"


def watches(etcd):
    seen = queue.Queue()
    watch_id = etcd.add_watch_prefix_callback("/watched/", seen.put)
    etcd.put("/watched/a", "1")
    etcd.put("/elsewhere", "1")
    etcd.delete("/watched/a")
    events = []
    while len(events) < 2:
        answer = seen.get(timeout=WAIT)
        assert not isinstance(answer, Exception), answer
        events.extend(answer.events)
    assert isinstance(events[0], etcd3.events.PutEvent) and events[0].value == b"1"
    assert isinstance(events[1], etcd3.events.DeleteEvent) and events[1].key == b"/watched/a"
    etcd.cancel_watch(watch_id)

    # From a revision of the past, as an iterator that is cancelled from inside.
    _, meta = etcd.get("/elsewhere")
    first = meta.mod_revision
    etcd.put("/elsewhere", "2")
    events, cancel = etcd.watch("/elsewhere", start_revision=first)
    got = []
    for event in events:
        got.append(event.value)
        if len(got) == 2:
            cancel()
    assert got == [b"1", b"2"], got

    threading.Timer(0.2, lambda: etcd.put("/once", "now")).start()
    assert etcd.watch_once("/once", timeout=WAIT).value == b"now"
    etcd.compact(etcd.get("/once")[1].mod_revision, physical=True)
    events, _ = etcd.watch("/elsewhere", start_revision=first)
    try:
        next(events)
        raise AssertionError("a watch of the compacted past")
    except exceptions.RevisionCompactedError as error:
        assert error.compacted_revision > first


def leases_and_locks(etcd):
    lease = etcd.lease(60)
    etcd.put("leased", "1", lease=lease)
    assert lease.granted_ttl == 60 and 0 < lease.remaining_ttl <= 60
    assert lease.keys == [b"leased"]
    assert lease.refresh()[0].TTL == 60
    assert etcd.get("leased")[1].lease_id == lease.id
    lease.revoke()
    assert etcd.get("leased") == (None, None)

    lock = etcd.lock("thing", ttl=60)
    assert lock.acquire(timeout=WAIT) and lock.is_acquired()
    assert not etcd.lock("thing", ttl=60).acquire(timeout=1)
    assert lock.release()
    with etcd.lock("doot-machine", ttl=60) as held:
        assert held.is_acquired()


def maintenance(etcd):
    status = etcd.status()
    assert status.version.startswith("3.5.") and status.db_size > 0 and status.leader.name == "m1"
    assert [member.name for member in etcd.members] == ["m1"]
    assert list(etcd.members)[0].client_urls == [f"http://{host}:{port}"]
    assert etcd.hash() > 0
    etcd.defragment()
    assert list(etcd.list_alarms()) == []
    (alarm,) = etcd.create_alarm()
    assert alarm.alarm_type == etcd3.etcdrpc.NOSPACE
    try:
        etcd.put("full", "1")
        raise AssertionError("a put without space")
    except Exception as error:
        assert "database space exceeded" in str(error), error
    assert len(list(etcd.disarm_alarm())) == 1
    file = io.BytesIO()
    etcd.snapshot(file)
    assert len(file.getvalue()) % 512 == 32


# It is not closed: the library's thread for watches would complain of that.
etcd = client()
for example in [keys_and_values, transactions, watches, leases_and_locks, maintenance]:
    example(etcd)
