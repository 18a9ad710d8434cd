//! Hashes of keys against numbers that a real etcd 3.5 gave for the same history, and the rules around them.

use super::{config, delete, put, set};
use crate::{Error, Store, rpc::*};

#[tokio::test(flavor = "multi_thread")]
async fn a_hash_does_not_depend_on_when_it_was_written_or_defragmented() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(config(dir.path())).await.unwrap();
    let empty = store.hash_kv(0).await.unwrap();
    assert_eq!((empty.compact_revision, empty.hash_revision), (-1, 1));
    // Nothing but the bucket's name.
    assert_eq!(empty.hash, crc32c::crc32c(b"key"));
    for n in 0..50 {
        set(&store, &format!("k{}", n % 7), &n.to_string()).await;
    }
    let (hash, all) = (
        store.hash_kv(30).await.unwrap(),
        store.hash().await.unwrap(),
    );
    assert_eq!(hash.hash_revision, 30);
    store.defragment().await.unwrap();
    assert_eq!(store.hash_kv(30).await.unwrap().hash, hash.hash);
    assert_eq!(store.hash().await.unwrap().hash, all.hash);
    set(&store, "k0", "more").await;
    assert_eq!(store.hash_kv(30).await.unwrap().hash, hash.hash);
    assert_ne!(store.hash().await.unwrap().hash, all.hash);
    assert!(matches!(store.hash_kv(1_000).await, Err(Error::FutureRev)));
    store.compact(40).await.unwrap();
    assert!(matches!(store.hash_kv(30).await, Err(Error::Compacted)));
    let compacted = store.hash_kv(45).await.unwrap();
    assert_eq!(compacted.compact_revision, 40);
    store.shutdown().await;
    let store = Store::open(config(dir.path())).await.unwrap();
    // The first answer says the term.
    let again = store.hash_kv(45).await.unwrap();
    assert_eq!(again, compacted_again(&store, compacted).await);
    store.shutdown().await;
}

/// The same answer with the header of now.
async fn compacted_again(store: &Store, response: crate::HashKvResponse) -> crate::HashKvResponse {
    crate::HashKvResponse {
        header: store.range(RangeRequest::key("k0")).await.unwrap().header,
        ..response
    }
}

async fn hashes<const N: usize>(store: &Store, revisions: [i64; N]) -> [u32; N] {
    let mut hashes = [0; N];
    for (hash, revision) in hashes.iter_mut().zip(revisions) {
        *hash = store.hash_kv(revision).await.unwrap().hash;
    }
    hashes
}

/// The numbers are those of `etcdctl endpoint hashkv` against etcd 3.5.35, after the same operations.
#[tokio::test(flavor = "multi_thread")]
async fn the_numbers_are_etcds() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(config(dir.path())).await.unwrap();
    history(&store).await;
    assert_eq!(
        hashes(&store, [2, 3, 4, 5, 6, 7, 8, 0]).await,
        [
            2587454935, 2496657716, 2704943168, 3985505037, 2601156641, 3205995832, 3970251866,
            3970251866
        ]
    );
    store.compact_physical(5).await.unwrap();
    assert_eq!(
        hashes(&store, [6, 7, 8, 0]).await,
        [3822829942, 3567286401, 3292542831, 3292542831]
    );
    // A compaction is remembered by what the hash was before it.
    let known = store.hash_kv(5).await.unwrap();
    assert_eq!((known.hash, known.compact_revision), (3985505037, -1));
    store.compact_physical(7).await.unwrap();
    assert_eq!(hashes(&store, [8]).await, [282755093]);
    let known = store.hash_kv(7).await.unwrap();
    assert_eq!((known.hash, known.compact_revision), (3567286401, 5));
    assert_eq!(hashes(&store, [5]).await, [3985505037]);
    let all = DeleteRangeRequest {
        key: "a".into(),
        range_end: "\0".into(),
        prev_kv: false,
    };
    assert_eq!(store.delete_range(all).await.unwrap().deleted, 3);
    assert_eq!(hashes(&store, [8, 9]).await, [282755093, 4043740868]);
    store.compact_physical(9).await.unwrap();
    let all_gone = store.hash_kv(0).await.unwrap();
    assert_eq!((all_gone.hash, all_gone.compact_revision), (1084519789, 9));
    // Of a compaction that leaves nothing but deletions, those count; without it nothing would, and so everything did.
    let known = store.hash_kv(9).await.unwrap();
    assert_eq!(known.compact_revision, 7);
    assert_ne!(known.hash, 4043740868);
    assert_eq!(set(&store, "z", "1").await, 10);
    assert_eq!(hashes(&store, [10]).await, [3221892700]);
    store.shutdown().await;
    // Started anew, nothing is remembered.
    let store = Store::open(config(dir.path())).await.unwrap();
    assert!(matches!(store.hash_kv(7).await, Err(Error::Compacted)));
    assert_eq!(hashes(&store, [9]).await, [1084519789]);
    store.shutdown().await;
}

/// Does a history that has everything in it: several keys in one revision, deletions, a lease, an empty value.
async fn history(store: &Store) {
    store.lease_grant(3_600, 0x1234).await.unwrap();
    set(store, "a", "1").await;
    set(store, "b", "").await;
    store
        .put(PutRequest {
            lease: 0x1234,
            ..put("c", "on a lease")
        })
        .await
        .unwrap();
    let txn = TxnRequest {
        success: vec![
            RequestOp::Put(put("a", "2")),
            RequestOp::Put(put("d", "3")),
            RequestOp::DeleteRange(delete("b")),
        ],
        ..Default::default()
    };
    store.txn(txn).await.unwrap();
    set(store, "b", "again").await;
    store.delete_range(delete("d")).await.unwrap();
    set(store, "a", "4").await;
}
