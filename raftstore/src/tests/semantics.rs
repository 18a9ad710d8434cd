//! Small points of etcd 3.5's semantics, each with the line of etcd's code that it comes from.

use super::{config, delete, get, put, set};
use crate::{Error, Store, rpc::*};

async fn store(dir: &tempfile::TempDir) -> Store {
    Store::open(config(dir.path())).await.unwrap()
}

/// `mvcc/kvstore.go`, `updateCompactRev`: nothing is compacted at -1, so 0 can be compacted, once.
#[tokio::test(flavor = "multi_thread")]
async fn revision_zero_is_compacted_once() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(&dir).await;
    assert!(matches!(store.compact(-1).await, Err(Error::Compacted)));
    store.compact(0).await.unwrap();
    assert!(matches!(store.compact(0).await, Err(Error::Compacted)));
    assert_eq!(store.compact_revision(), 0);
    store.shutdown().await;
    let store = self::store(&dir).await;
    assert!(matches!(store.compact(0).await, Err(Error::Compacted)));
    assert!(matches!(store.compact(9).await, Err(Error::FutureRev)));
    store.compact(1).await.unwrap();
    store.shutdown().await;
}

/// `etcdserver/txn`, `checkRange` and `rangeKeys`: a negative revision is none; inside a transaction a revision is checked
/// against the state before, and "latest" sees the writes before it in the transaction.
#[tokio::test(flavor = "multi_thread")]
async fn revisions_inside_a_transaction() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(&dir).await;
    let before = set(&store, "a", "1").await;
    let at = |revision| {
        RequestOp::Range(RangeRequest {
            revision,
            ..RangeRequest::key("a")
        })
    };
    let txn = TxnRequest {
        success: vec![at(0), RequestOp::Put(put("a", "2")), at(0), at(before)],
        ..Default::default()
    };
    let answer = store.txn(txn).await.unwrap();
    let seen: Vec<_> = answer
        .responses
        .iter()
        .filter_map(|response| match response {
            ResponseOp::Range(range) => Some((range.header.revision, &range.kvs[0].value[..])),
            _ => None,
        })
        .collect();
    assert_eq!(
        seen,
        [(before, &b"1"[..]), (before + 1, b"2"), (before + 1, b"1")]
    );
    // The revision that the transaction itself will take is still the future when it is checked.
    let future = TxnRequest {
        success: vec![RequestOp::Put(put("a", "3")), at(before + 2)],
        ..Default::default()
    };
    assert!(matches!(store.txn(future).await, Err(Error::FutureRev)));
    assert_eq!(get(&store, "a", 0).await.unwrap().as_deref(), Some("2"));
    store.shutdown().await;
}

/// `etcdserver/txn`, `checkPut`: every put of the chosen branch is checked before anything is written, also one in a nested
/// transaction, and against the state before.
#[tokio::test(flavor = "multi_thread")]
async fn a_refused_put_leaves_nothing_behind() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(&dir).await;
    let on_lease = |lease| {
        RequestOp::Put(PutRequest {
            lease,
            ..put("b", "1")
        })
    };
    let nested = RequestOp::Txn(TxnRequest {
        success: vec![on_lease(99)],
        ..Default::default()
    });
    let txn = TxnRequest {
        success: vec![RequestOp::Put(put("a", "1")), nested],
        ..Default::default()
    };
    let error = store.txn(txn).await.unwrap_err();
    assert_eq!(error.to_string(), "etcdserver: requested lease not found");
    // On the branch not taken it does not matter.
    let txn = TxnRequest {
        compare: vec![Compare::mod_revision("none", 7)],
        success: vec![on_lease(99)],
        failure: vec![],
    };
    let answer = store.txn(txn).await.unwrap();
    assert!(!answer.succeeded);
    assert_eq!((answer.header.revision, store.revision()), (1, 1));
    let keep = TxnRequest {
        success: vec![
            RequestOp::Put(put("a", "1")),
            RequestOp::Put(PutRequest {
                ignore_value: true,
                ..put("c", "")
            }),
        ],
        ..Default::default()
    };
    assert!(matches!(store.txn(keep).await, Err(Error::KeyNotFound)));
    assert_eq!(get(&store, "a", 0).await.unwrap(), None);
    store.shutdown().await;
}

/// `applyCompare`: a range without keys compares as a key that does not exist, but a value never does.
#[tokio::test(flavor = "multi_thread")]
async fn compares_of_what_does_not_exist() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(&dir).await;
    set(&store, "k1", "v").await;
    set(&store, "k2", "v").await;
    let holds = async |key: &'static str, end: &'static str, result, target| {
        let compare = Compare {
            result,
            target,
            key: key.into(),
            range_end: end.into(),
        };
        let txn = TxnRequest {
            compare: vec![compare],
            ..Default::default()
        };
        store.txn(txn).await.unwrap().succeeded
    };
    use CompareResult::{Equal, Greater, Less, NotEqual};
    use CompareTarget::{CreateRevision, Lease, ModRevision, Value, Version};
    for target in [Version(0), CreateRevision(0), ModRevision(0), Lease(0)] {
        assert!(holds("none", "", Equal, target.clone()).await);
        assert!(holds("n", "o", Equal, target.clone()).await);
        assert!(!holds("none", "", NotEqual, target).await);
    }
    for result in [Equal, NotEqual, Less, Greater] {
        assert!(!holds("none", "", result, Value("".into())).await);
        assert!(!holds("n", "o", result, Value("v".into())).await);
    }
    assert!(holds("k", "l", Equal, Value("v".into())).await);
    assert!(
        !holds("k", "l", Equal, ModRevision(2)).await,
        "every key must"
    );
    assert!(holds("k", "\0", Greater, Version(0)).await);
    assert!(
        holds("k2", "k1", Equal, Version(0)).await,
        "nothing lies between"
    );
    store.shutdown().await;
}

/// `executeRange`: the count is of the range, whatever the limit and filters say; a limit counts after filtering, and after
/// sorting if an order is named;
/// a count alone has neither keys nor `more`.
#[tokio::test(flavor = "multi_thread")]
async fn counts_and_limits() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(&dir).await;
    for (key, value) in [("a", "3"), ("b", "1"), ("c", "2"), ("d", "0")] {
        set(&store, key, value).await;
    }
    let keys = |answer: &RangeResponse| -> Vec<String> {
        let key = |kv: &std::sync::Arc<KeyValue>| String::from_utf8(kv.key.to_vec()).unwrap();
        answer.kvs.iter().map(key).collect()
    };
    let base = || RangeRequest {
        limit: 2,
        ..RangeRequest::prefix("")
    };
    let limited = store.range(base()).await.unwrap();
    assert_eq!(
        (keys(&limited), limited.count, limited.more),
        (vec!["a".into(), "b".into()], 4, true)
    );
    // Without an order the limit, and one more, is taken first: the lowest of a, b and c.
    for (sort_order, expected) in [
        (SortOrder::None, ["b", "c"]),
        (SortOrder::Ascend, ["d", "b"]),
        (SortOrder::Descend, ["a", "c"]),
    ] {
        let sorted = RangeRequest {
            sort_target: SortTarget::Value,
            sort_order,
            ..base()
        };
        let sorted = store.range(sorted).await.unwrap();
        assert_eq!(
            (keys(&sorted), sorted.count, sorted.more),
            (expected.map(str::to_owned).to_vec(), 4, true)
        );
    }
    let newest = RangeRequest {
        sort_target: SortTarget::Mod,
        ..base()
    };
    assert_eq!(keys(&store.range(newest).await.unwrap()), ["a", "b"]);
    let filtered = RangeRequest {
        min_mod_revision: 4,
        ..base()
    };
    let filtered = store.range(filtered).await.unwrap();
    assert_eq!(
        (keys(&filtered), filtered.count, filtered.more),
        (vec!["c".into(), "d".into()], 4, false)
    );
    let counted = RangeRequest {
        count_only: true,
        ..base()
    };
    let counted = store.range(counted).await.unwrap();
    assert_eq!(
        (counted.kvs.len(), counted.count, counted.more),
        (0, 4, false)
    );
    let exact = RangeRequest {
        limit: 4,
        ..RangeRequest::prefix("")
    };
    assert!(!store.range(exact).await.unwrap().more);
    let reversed = RangeRequest {
        key: "d".into(),
        range_end: "a".into(),
        ..Default::default()
    };
    assert_eq!(store.range(reversed).await.unwrap().count, 0);
    store.shutdown().await;
}

/// A transaction without operations is a read: it takes no revision and answers with the current one.
#[tokio::test(flavor = "multi_thread")]
async fn an_empty_transaction() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(&dir).await;
    let revision = set(&store, "a", "1").await;
    let empty = store.txn(TxnRequest::default()).await.unwrap();
    assert!(empty.succeeded && empty.responses.is_empty());
    assert_eq!(
        (empty.header.revision, store.revision()),
        (revision, revision)
    );
    // One that deletes nothing takes none either, also in two steps.
    let nothing = TxnRequest {
        success: vec![
            RequestOp::DeleteRange(delete("x")),
            RequestOp::DeleteRange(delete("y")),
        ],
        ..Default::default()
    };
    assert_eq!(store.txn(nothing).await.unwrap().header.revision, revision);
    store.shutdown().await;
}

/// `lease/lessor.go`: the time to live is at least one and a half election timeouts; 0 is no lease; an id is taken once.
#[tokio::test(flavor = "multi_thread")]
async fn leases_at_the_edges() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(&dir).await;
    assert_eq!(store.lease_grant(0, 0).await.unwrap().ttl, 1);
    assert_eq!(store.lease_grant(-7, 0).await.unwrap().ttl, 1);
    assert_eq!(
        store.lease_grant(9_000_000_000, 5).await.unwrap().ttl,
        9_000_000_000
    );
    let error = store.lease_grant(9_000_000_001, 6).await.unwrap_err();
    assert_eq!(error.to_string(), "etcdserver: too large lease TTL");
    assert_eq!(store.lease_grant(60, -3).await.unwrap().id, -3);
    assert!(matches!(
        store.lease_revoke(0).await,
        Err(Error::LeaseNotFound)
    ));
    assert!(matches!(
        store.lease_grant(60, 5).await,
        Err(Error::LeaseExist)
    ));
    // A put that leaves the lease out takes the key off it; one that keeps it does not.
    store
        .put(PutRequest {
            lease: 5,
            ..put("a", "1")
        })
        .await
        .unwrap();
    let keep = PutRequest {
        ignore_lease: true,
        ..put("a", "2")
    };
    store.put(keep).await.unwrap();
    assert_eq!(store.lease_time_to_live(5, true).await.unwrap().keys, ["a"]);
    set(&store, "a", "3").await;
    assert!(
        store
            .lease_time_to_live(5, true)
            .await
            .unwrap()
            .keys
            .is_empty()
    );
    store.shutdown().await;
}
