//! Members come and go, by etcd's rules.

use tokio::net::TcpListener;

use super::{
    cluster::{Members, PATIENCE, eventually},
    get, set,
};
use crate::Error;

#[tokio::test(flavor = "multi_thread")]
async fn a_member_that_is_added_catches_up_and_then_votes() {
    let mut members = Members::start(1).await;
    for n in 0..100 {
        set(members.store("m0"), &format!("k{n}"), "1").await;
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let added = members
        .store("m0")
        .member_add(vec![url.clone()], false)
        .await
        .unwrap();
    assert_eq!(added.members.len(), 2);
    assert!(added.member.name.is_empty() && !added.member.is_learner);
    // Nobody started it, and the one that is there goes on.
    set(members.store("m0"), "alone", "1").await;
    assert!(matches!(
        members.store("m0").member_add(vec![url], false).await,
        Err(Error::MemberNotEnoughStarted)
    ));
    members.join("m1", listener).await.unwrap();
    members.ready().await;
    assert_eq!(
        get(members.store("m1"), "k99", 0).await.unwrap().as_deref(),
        Some("1")
    );
    let id = added.member.id;
    eventually("the new member votes", || async {
        let voters: Vec<u64> = members.store("m0").voter_ids();
        voters.contains(&id).then_some(())
    })
    .await;
    let listed = members.store("m1").members(true).await.unwrap().members;
    let names: Vec<&str> = listed.iter().map(|member| member.name.as_str()).collect();
    assert!(names.contains(&"m0") && names.contains(&"m1"), "{names:?}");
    members.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_learner_follows_until_it_is_promoted() {
    let mut members = Members::start(1).await;
    set(members.store("m0"), "a", "1").await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let store = members.store("m0").clone();
    let added = store.member_add(vec![url.clone()], true).await.unwrap();
    assert!(added.member.is_learner);
    let id = added.member.id;
    let other = vec!["http://127.0.0.1:1".to_owned()];
    let taken = [vec![url], other.clone()].concat();
    assert!(matches!(
        store.member_add(taken, true).await,
        Err(Error::PeerUrlExist)
    ));
    assert!(matches!(
        store.member_add(other, true).await,
        Err(Error::TooManyLearners)
    ));
    assert!(matches!(
        store.member_promote(id).await,
        Err(Error::LearnerNotReady)
    ));
    assert!(matches!(
        store.member_promote(1).await,
        Err(Error::MemberNotFound)
    ));
    assert!(matches!(
        store.member_remove(1).await,
        Err(Error::MemberNotFound)
    ));
    members.join("m1", listener).await.unwrap();
    members.ready().await;
    assert!(members.store("m1").is_learner());
    let promoted = eventually("the learner is promoted", || async {
        members.store("m1").member_promote(id).await.ok()
    })
    .await;
    assert!(promoted.members.iter().all(|member| !member.is_learner));
    assert!(matches!(
        store.member_promote(id).await,
        Err(Error::MemberNotLearner)
    ));
    let moved = store
        .member_update(id, vec!["http://127.0.0.1:1".into()])
        .await
        .unwrap();
    let urls = &moved.members.iter().find(|m| m.id == id).unwrap().peer_urls;
    assert_eq!(*urls, ["http://127.0.0.1:1"]);
    assert!(matches!(
        store.member_update(id, vec!["nonsense".into()]).await,
        Err(Error::MemberBadUrls)
    ));
    members.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_that_was_removed_is_told_and_never_comes_back() {
    let mut members = Members::start(3).await;
    let follower = members.follower().await;
    let id = members.store(&follower).status().header.member_id;
    let leader = members.leader().await;
    eventually("the members are connected for long enough", || async {
        members.store(&leader).member_remove(id).await.ok()
    })
    .await;
    let why = tokio::time::timeout(PATIENCE, members.store(&follower).ended()).await;
    assert_eq!(
        why.unwrap(),
        "the member has been permanently removed from the cluster"
    );
    members.take(&follower).shutdown().await;
    members.restart(&follower).await;
    let why = tokio::time::timeout(PATIENCE, members.store(&follower).ended()).await;
    assert_eq!(
        why.unwrap(),
        "the member has been permanently removed from the cluster"
    );
    let listed = members.store(&leader).members(true).await.unwrap().members;
    assert!(listed.len() == 2 && listed.iter().all(|member| member.id != id));
    set(members.store(&leader), "a", "1").await;
    members.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_that_lost_its_disk_is_refused_under_its_old_id() {
    let mut members = Members::start(3).await;
    set(members.store("m0"), "a", "1").await;
    let id = members.store("m2").status().header.member_id;
    members.take("m2").shutdown().await;
    members.wipe("m2");
    let error = members
        .begin_again("m2")
        .await
        .err()
        .map(|error| error.to_string());
    assert_eq!(
        error,
        Some(format!("member {id:x} has already been bootstrapped"))
    );
    members.stop().await;
}
