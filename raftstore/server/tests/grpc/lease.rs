//! The Lease service.

use futures::stream;
use hydrofoil_etcd_wire::etcdserverpb::*;
use tonic::Code;

use crate::{Server, assert_status, get, put};

fn grant(id: i64, ttl: i64) -> LeaseGrantRequest {
    LeaseGrantRequest { ttl, id }
}

#[tokio::test]
async fn a_lease_is_granted_asked_about_and_revoked_with_its_keys() {
    let server = Server::start().await;
    let mut lease = server.lease();
    let granted = lease.lease_grant(grant(7, 100)).await.unwrap().into_inner();
    assert_eq!((granted.id, granted.ttl), (7, 100));
    let chosen = lease.lease_grant(grant(0, 100)).await.unwrap().into_inner();
    assert!(chosen.id > 0);
    assert_status(
        lease.lease_grant(grant(7, 100)).await,
        Code::FailedPrecondition,
        "etcdserver: lease already exists",
    );
    assert_status(
        lease.lease_grant(grant(8, 9_000_000_001)).await,
        Code::OutOfRange,
        "etcdserver: too large lease TTL",
    );
    let leased = PutRequest {
        lease: 7,
        ..put("a", "1")
    };
    server.kv().put(leased).await.unwrap();
    let question = LeaseTimeToLiveRequest { id: 7, keys: true };
    let answer = lease
        .lease_time_to_live(question)
        .await
        .unwrap()
        .into_inner();
    assert_eq!((answer.id, answer.granted_ttl), (7, 100));
    assert!((98..=100).contains(&answer.ttl), "{}", answer.ttl);
    assert_eq!(answer.keys, ["a"]);
    let all = lease
        .lease_leases(LeaseLeasesRequest {})
        .await
        .unwrap()
        .into_inner();
    let mut ids: Vec<i64> = all.leases.iter().map(|lease| lease.id).collect();
    ids.sort_unstable();
    let mut expected = [7, chosen.id];
    expected.sort_unstable();
    assert_eq!(ids, expected);

    lease
        .lease_revoke(LeaseRevokeRequest { id: 7 })
        .await
        .unwrap();
    let gone = server.kv().range(get("a")).await.unwrap().into_inner();
    assert_eq!(gone.count, 0);
    assert_status(
        lease.lease_revoke(LeaseRevokeRequest { id: 7 }).await,
        Code::NotFound,
        "etcdserver: requested lease not found",
    );
    let answer = lease
        .lease_time_to_live(question)
        .await
        .unwrap()
        .into_inner();
    assert_eq!((answer.id, answer.ttl), (7, -1));
}

#[tokio::test]
async fn keep_alives_are_answered_in_order_on_one_stream() {
    let server = Server::start().await;
    let mut lease = server.lease();
    lease.lease_grant(grant(7, 60)).await.unwrap();
    let requests = [7, 8, 7].map(|id| LeaseKeepAliveRequest { id });
    let mut answers = lease
        .lease_keep_alive(stream::iter(requests))
        .await
        .unwrap()
        .into_inner();
    for expected in [(7, 60), (8, 0), (7, 60)] {
        let answer = answers.message().await.unwrap().unwrap();
        assert_eq!((answer.id, answer.ttl), expected);
        assert!(answer.header.is_some());
    }
    assert!(answers.message().await.unwrap().is_none());
}
