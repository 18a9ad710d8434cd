//! Watches: every change after the named revision, once, in order, or a clear end.

use std::time::Duration;

use super::{config, delete, put, set};
use crate::{Config, Store, WatchGroup, Watcher, rpc::*};

async fn next(watcher: &mut Watcher) -> WatchResponse {
    tokio::time::timeout(Duration::from_secs(30), watcher.recv())
        .await
        .expect("a response in time")
}

/// The next `count` events; checks that no revision is split or out of order.
async fn take(watcher: &mut Watcher, count: usize) -> Vec<Event> {
    let mut events: Vec<Event> = Vec::new();
    while events.len() < count {
        let response = next(watcher).await;
        assert!(!response.canceled, "{}", response.cancel_reason);
        if let (Some(last), Some(first)) = (events.last(), response.events.iter().next()) {
            assert!(last.kv.mod_revision < first.kv.mod_revision);
        }
        let newest = response
            .events
            .iter()
            .map(|event| event.kv.mod_revision)
            .max();
        assert!(newest.is_none_or(|newest| newest <= response.header.revision));
        events.extend(response.events.iter().cloned());
    }
    assert_eq!(events.len(), count);
    events
}

fn summary(events: &[Event]) -> Vec<String> {
    let text = |kv: &KeyValue| String::from_utf8(kv.value.to_vec()).unwrap();
    events
        .iter()
        .map(|event| {
            let key = String::from_utf8(event.kv.key.to_vec()).unwrap();
            let before = event.prev_kv.as_ref().map_or("-".into(), |kv| text(kv));
            let kind = if event.kind == EventKind::Put {
                "put"
            } else {
                "delete"
            };
            format!(
                "{} {kind} {key} {} was {before}",
                event.kv.mod_revision,
                text(&event.kv)
            )
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_events_live_from_the_window_and_from_disk() {
    let dir = tempfile::tempdir().unwrap();
    let tiny = || Config {
        watch_window_bytes: 1,
        value_cache_bytes: 1,
        write_behind_interval: Duration::from_millis(1),
        ..config(dir.path())
    };
    let store = Store::open(tiny()).await.unwrap();
    let mut live = store.watch(WatchRequest::prefix("k/", 0)).unwrap();
    set(&store, "k/a", "1").await;
    set(&store, "other", "x").await;
    set(&store, "k/a", "2").await;
    set(&store, "k/b", "1").await;
    let request = TxnRequest {
        success: vec![
            RequestOp::DeleteRange(delete("k/a")),
            RequestOp::Put(put("k/b", "2")),
        ],
        ..Default::default()
    };
    store.txn(request).await.unwrap();
    set(&store, "k/a", "3").await;
    let expected = [
        "2 put k/a 1 was -",
        "4 put k/a 2 was 1",
        "5 put k/b 1 was -",
        "6 delete k/a  was 2",
        "6 put k/b 2 was 1",
        "7 put k/a 3 was -",
    ];
    assert_eq!(summary(&take(&mut live, 6).await), expected);
    let mut past = store.watch(WatchRequest::prefix("k/", 2)).unwrap();
    assert_eq!(summary(&take(&mut past, 6).await), expected);
    store.shutdown().await;
    assert!(
        next(&mut live).await.canceled,
        "a watch ends with the store"
    );

    let store = Store::open(tiny()).await.unwrap();
    for (start, skip) in [(1, 0), (3, 1), (6, 3), (7, 5)] {
        let mut past = store.watch(WatchRequest::prefix("k/", start)).unwrap();
        assert_eq!(
            summary(&take(&mut past, 6 - skip).await),
            expected[skip..],
            "from {start}"
        );
        let revision = set(&store, "k/z", "").await;
        assert_eq!(
            take(&mut past, 1).await[0].kv.mod_revision,
            revision,
            "then it is in step"
        );
        store.delete_range(delete("k/z")).await.unwrap();
        let cleaned = take(&mut past, 1).await;
        assert_eq!(cleaned[0].kind, EventKind::Delete);
        if start == 1 {
            break;
        }
    }
    store.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_ranges_prev_kv_and_future_revisions() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(config(dir.path())).await.unwrap();
    let base = WatchRequest::prefix("a", 0);
    let no_put = WatchFilters {
        no_put: true,
        no_delete: false,
    };
    let mut deletes = store
        .watch(WatchRequest {
            filters: no_put,
            ..base.clone()
        })
        .unwrap();
    let mut bare = store
        .watch(WatchRequest {
            prev_kv: false,
            ..base.clone()
        })
        .unwrap();
    let mut single = store
        .watch(WatchRequest {
            range_end: "".into(),
            ..base.clone()
        })
        .unwrap();
    let mut future = store
        .watch(WatchRequest {
            start_revision: 5,
            ..base.clone()
        })
        .unwrap();
    let mut from_b = store
        .watch(WatchRequest {
            key: "b".into(),
            range_end: vec![0].into(),
            ..base
        })
        .unwrap();
    set(&store, "a", "1").await; // 2
    set(&store, "ab", "1").await; // 3
    set(&store, "c", "1").await; // 4
    store.delete_range(delete("a")).await.unwrap(); // 5
    assert_eq!(summary(&take(&mut deletes, 1).await), ["5 delete a  was 1"]);
    assert_eq!(summary(&take(&mut bare, 3).await)[2], "5 delete a  was -");
    assert_eq!(take(&mut single, 2).await.len(), 2);
    assert_eq!(summary(&take(&mut future, 1).await), ["5 delete a  was 1"]);
    assert_eq!(summary(&take(&mut from_b, 1).await), ["4 put c 1 was -"]);
    store.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watch_of_the_compacted_past_ends_and_says_where_to_begin() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(config(dir.path())).await.unwrap();
    for n in 0..5 {
        set(&store, "a", &n.to_string()).await;
    }
    let mut inside = store.watch(WatchRequest::prefix("a", 4)).unwrap();
    store.compact(4).await.unwrap();
    let mut before = store.watch(WatchRequest::prefix("a", 3)).unwrap();
    let response = next(&mut before).await;
    assert!(response.canceled && response.compact_revision == 4 && response.events.is_empty());
    assert_eq!(response.header.revision, 0, "as in etcd");
    assert_eq!(
        response.cancel_reason,
        "etcdserver: mvcc: required revision has been compacted"
    );
    assert_eq!(next(&mut before).await, response, "it stays ended");
    assert_eq!(take(&mut inside, 3).await[0].kv.mod_revision, 4);
    store.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn progress_is_told_on_request_and_after_silence() {
    let dir = tempfile::tempdir().unwrap();
    let quick = Config {
        watch_progress_interval: Duration::from_millis(20),
        ..config(dir.path())
    };
    let store = Store::open(quick).await.unwrap();
    let request = WatchRequest {
        progress_notify: true,
        ..WatchRequest::prefix("a", 0)
    };
    let mut asked = store.watch(WatchRequest::prefix("a", 0)).unwrap();
    let mut silent = store.watch(request).unwrap();
    let revision = set(&store, "b", "1").await;
    asked.request_progress();
    let response = next(&mut asked).await;
    assert_eq!(
        (response.header.revision, response.events.len()),
        (revision, 0)
    );
    while next(&mut silent).await.header.revision < revision {}
    // What is asked for while behind is told when everything was sent.
    let written = set(&store, "a", "1").await;
    let mut behind = store.watch(WatchRequest::prefix("a", 1)).unwrap();
    behind.request_progress();
    assert_eq!(take(&mut behind, 1).await[0].kv.mod_revision, written);
    let response = next(&mut behind).await;
    assert_eq!(
        (response.header.revision, response.events.len()),
        (written, 0)
    );
    store.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watch_that_begins_in_the_future_tells_no_progress_before() {
    let dir = tempfile::tempdir().unwrap();
    let quick = Config {
        watch_progress_interval: Duration::from_millis(10),
        ..config(dir.path())
    };
    let store = Store::open(quick).await.unwrap();
    let next_revision = store.revision() + 1;
    let request = WatchRequest {
        progress_notify: true,
        ..WatchRequest::prefix("a", next_revision)
    };
    let mut watcher = store.watch(request).unwrap();
    watcher.request_progress();
    let early = tokio::time::timeout(Duration::from_millis(200), watcher.recv()).await;
    assert!(early.is_err(), "{early:?}");
    set(&store, "b", "1").await;
    watcher.request_progress();
    assert_eq!(next(&mut watcher).await.header.revision, next_revision);
    store.shutdown().await;
}

/// etcd reads the version before an event at the revision before the event's, so compaction takes it away: events of exactly
/// the compacted revision come without it. A kube-apiserver tells by that whether history is whole.
#[tokio::test(flavor = "multi_thread")]
async fn an_event_of_the_compacted_revision_comes_without_the_version_before() {
    let dir = tempfile::tempdir().unwrap();
    for watch_window_bytes in [1, 1 << 20] {
        let config = Config {
            watch_window_bytes,
            ..config(dir.path())
        };
        let store = Store::open(config).await.unwrap();
        set(&store, "a", "1").await;
        let compacted = set(&store, "a", "2").await;
        set(&store, "a", "3").await;
        store.compact(compacted).await.unwrap();
        let request = WatchRequest {
            prev_kv: true,
            ..WatchRequest::prefix("a", compacted)
        };
        let events = take(&mut store.watch(request).unwrap(), 2).await;
        assert_eq!(
            summary(&events),
            [
                format!("{compacted} put a 2 was -"),
                format!("{} put a 3 was 2", compacted + 1),
            ]
        );
        store.shutdown().await;
    }
}

/// What one watcher saw of consecutive revisions.
struct Seen {
    revision: i64,
    last: Option<(i64, Vec<u8>)>,
}

impl Seen {
    /// Nothing before `from` is expected.
    fn from(from: i64) -> Self {
        Seen {
            revision: from - 1,
            last: None,
        }
    }

    /// Checks that a response goes on where the one before it ended.
    fn check(&mut self, watcher: i64, response: &WatchResponse) {
        assert!(!response.canceled, "{}", response.cancel_reason);
        for event in response.events.iter() {
            let revision = event.kv.mod_revision;
            if revision != self.revision {
                assert_eq!(
                    revision,
                    self.revision + 1,
                    "watcher {watcher}: a revision is missing"
                );
                self.revision = revision;
                self.last = None;
            }
            let at = (revision, event.kv.key.to_vec());
            assert_ne!(self.last.as_ref(), Some(&at), "watcher {watcher}: doubled");
            self.last = Some(at);
            if let Some(before) = &event.prev_kv {
                assert_eq!(before.key, event.kv.key);
                assert!(before.mod_revision < revision);
            }
        }
        assert!(response.header.revision >= self.revision);
    }
}

/// Watchers that start anywhere, alone or in a group, some slow, while writers write: each sees each change once, in order.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_event_is_lost_doubled_or_out_of_order_under_concurrent_writes() {
    const WRITES: i64 = 3_000;
    let dir = tempfile::tempdir().unwrap();
    let small = Config {
        watch_window_bytes: 40_000,
        value_cache_bytes: 5_000,
        write_behind_interval: Duration::from_millis(2),
        ..config(dir.path())
    };
    let store = Store::open(small).await.unwrap();
    let mut tasks = Vec::new();
    for writer in 0..6 {
        let store = store.clone();
        tasks.push(tokio::spawn(async move {
            for n in 0..WRITES / 6 {
                let key = format!("k{}", (n * 7 + writer) % 11);
                if n % 5 == 4 {
                    // A delete that finds nothing takes no revision: a put beside it does.
                    let request = TxnRequest {
                        success: vec![
                            RequestOp::DeleteRange(delete(&key)),
                            RequestOp::Put(put("k", "x")),
                        ],
                        ..Default::default()
                    };
                    store.txn(request).await.unwrap();
                } else {
                    set(&store, &key, &n.to_string()).await;
                }
            }
        }));
    }
    for watcher in 0..24i64 {
        let store = store.clone();
        tasks.push(tokio::spawn(async move {
            while store.revision() < watcher * 40 {
                tokio::task::yield_now().await;
            }
            let from = (store.revision() - watcher * 17).max(2);
            let mut watch = store.watch(WatchRequest::prefix("k", from)).unwrap();
            let mut seen = Seen::from(from);
            while seen.revision < WRITES + 1 {
                let response = next(&mut watch).await;
                seen.check(watcher, &response);
                if watcher % 3 == 0 {
                    tokio::time::sleep(Duration::from_millis(3)).await;
                }
            }
        }));
    }
    for pace in 0..3i64 {
        let store = store.clone();
        tasks.push(tokio::spawn(async move {
            let mut group = WatchGroup::default();
            let mut all: Vec<Seen> = Vec::new();
            while all.len() < 16 || all.iter().any(|seen| seen.revision < WRITES + 1) {
                let count = all.len() as i64;
                // Each begins later than the one before it, somewhere in the past.
                if count < 16 && store.revision() >= count * 60 {
                    let from = (store.revision() - count * 23).max(2);
                    group.add(
                        store.watch(WatchRequest::prefix("k", from)).unwrap(),
                        all.len(),
                    );
                    all.push(Seen::from(from));
                    continue;
                }
                let (number, response) = received(&mut group).await;
                all[number].check(100 * (pace + 1) + number as i64, &response);
                if pace == 2 && number % 5 == 0 {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
            }
            assert_eq!(group.len(), 16);
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(store.metrics().slow_watchers.get(), 0);
    assert_eq!(store.metrics().watchers.get(), 0);
    store.shutdown().await;
}

async fn received<T: Copy>(group: &mut WatchGroup<T>) -> (T, WatchResponse) {
    tokio::time::timeout(
        Duration::from_secs(30),
        std::future::poll_fn(|cx| group.poll_recv(cx)),
    )
    .await
    .expect("a response in time")
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_comes_from_a_watch_that_left_its_group() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(config(dir.path())).await.unwrap();
    for n in 0..50 {
        set(&store, "a", &n.to_string()).await;
    }
    store.shutdown().await;
    // Opened again it has history on disk alone.
    let store = Store::open(config(dir.path())).await.unwrap();
    let mut group = WatchGroup::default();
    let watch = |from| store.watch(WatchRequest::prefix("a", from)).unwrap();
    let leaves = group.add(watch(1), "leaves");
    let stays = group.add(watch(1), "stays");
    // Both begin to read.
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    let mut events = match group.poll_recv(&mut cx) {
        std::task::Poll::Ready(("stays", response)) => response.events.len(),
        _ => 0,
    };
    group.remove(leaves);
    group.remove(leaves);
    let last = set(&store, "a", "last").await;
    loop {
        let (name, response) = received(&mut group).await;
        assert_eq!(name, "stays");
        events += response.events.len();
        if response.header.revision >= last {
            break;
        }
    }
    assert_eq!(events, 51);
    group.remove(stays);
    // The one that left goes when it has read.
    assert!(group.poll_recv(&mut cx).is_pending());
    drop(group);
    assert_eq!(store.metrics().watchers.get(), 0);
    store.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_is_told_of_ends_and_lets_the_silent_tell_their_progress() {
    let dir = tempfile::tempdir().unwrap();
    let quick = Config {
        watch_progress_interval: Duration::from_millis(20),
        ..config(dir.path())
    };
    let store = Store::open(quick).await.unwrap();
    let revision = set(&store, "a", "1").await;
    let mut group = WatchGroup::default();
    let quiet = WatchRequest {
        progress_notify: true,
        ..WatchRequest::prefix("quiet", 0)
    };
    group.add(store.watch(quiet).unwrap(), "quiet");
    group.add(store.watch(WatchRequest::prefix("a", 0)).unwrap(), "mute");
    let ended = store.watch(WatchRequest::prefix("a", 0)).unwrap();
    let handle = ended.handle();
    group.add(ended, "ended");
    for _ in 0..2 {
        let (name, response) = received(&mut group).await;
        assert_eq!((name, response.events.len()), ("quiet", 0));
        assert_eq!(response.header.revision, revision);
    }
    handle.end();
    let response = loop {
        match received(&mut group).await {
            ("ended", response) => break response,
            (name, _) => assert_eq!(name, "quiet"),
        }
    };
    assert!(response.canceled);
    assert_eq!(group.len(), 2);
    store.shutdown().await;
    let mut left = vec!["mute", "quiet"];
    while !left.is_empty() {
        let (name, response) = received(&mut group).await;
        assert!(response.canceled || name == "quiet", "{response:?}");
        if response.canceled {
            left.retain(|other| *other != name);
        }
    }
    assert!(group.is_empty());
}

/// As etcd's ticker: an event puts the next telling off, being told does not.
#[tokio::test(flavor = "multi_thread")]
async fn who_stays_silent_tells_its_progress_each_time() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(config(dir.path())).await.unwrap();
    let request = WatchRequest {
        progress_notify: true,
        ..WatchRequest::prefix("a", 0)
    };
    let mut group = WatchGroup::default();
    group.add(store.watch(request).unwrap(), ());
    for _ in 0..3 {
        group.tell_progress();
        let ((), response) = received(&mut group).await;
        assert!(response.events.is_empty());
    }
    set(&store, "a", "1").await;
    let ((), response) = received(&mut group).await;
    assert_eq!(response.events.len(), 1);
    group.tell_progress();
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    assert!(group.poll_recv(&mut cx).is_pending());
    group.tell_progress();
    let ((), response) = received(&mut group).await;
    assert!(response.events.is_empty());
    store.shutdown().await;
}
