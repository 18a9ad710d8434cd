//! Users, roles and permissions on a whole store: who may do what, that a change counts at once, and that it all survives.

use bytes::Bytes;

use super::{config, delete, get, put, set};
use crate::{Config, Error, Session, Store, auth::*, rpc::*};

fn cheap(dir: &std::path::Path) -> Config {
    Config {
        bcrypt_cost: 4,
        ..config(dir)
    }
}

async fn add_user(store: &Store, name: &str, password: &str) {
    let request = UserAddRequest {
        name: name.into(),
        password: password.into(),
        no_password: password.is_empty(),
    };
    store
        .session(Caller::Internal)
        .user_add(request)
        .await
        .unwrap();
}

fn permission(kind: PermissionKind, key: &'static str, end: &'static str) -> Option<Permission> {
    Some(Permission {
        kind,
        key: key.into(),
        range_end: end.into(),
    })
}

/// `root`, `ann` with `app/` to read and write and `cfg` to read, `bob` without anything; auth is enabled.
async fn people(store: &Store) {
    let admin = store.session(Caller::Internal);
    for (name, password) in [("root", "toor"), ("ann", "a"), ("bob", "b")] {
        add_user(store, name, password).await;
    }
    admin
        .user_grant_role("root".into(), "root".into())
        .await
        .unwrap();
    admin.role_add("app".into()).await.unwrap();
    let app = permission(PermissionKind::ReadWrite, "app/", "app0");
    admin
        .role_grant_permission("app".into(), app)
        .await
        .unwrap();
    let cfg = permission(PermissionKind::Read, "cfg", "");
    admin
        .role_grant_permission("app".into(), cfg)
        .await
        .unwrap();
    admin
        .user_grant_role("ann".into(), "app".into())
        .await
        .unwrap();
    admin.auth_enable().await.unwrap();
}

async fn log_in(store: &Store, name: &str, password: &str) -> Result<Secret, Error> {
    let request = AuthenticateRequest {
        name: name.into(),
        password: password.into(),
    };
    let answer = store.session(Caller::Anonymous).authenticate(request).await;
    answer.map(|answer| answer.token)
}

async fn session(store: &Store, name: &str, password: &str) -> Session {
    let token = log_in(store, name, password).await.unwrap();
    store.session(store.caller_of_token(token.reveal()).await.unwrap())
}

fn denied<T: std::fmt::Debug>(result: Result<T, Error>) {
    assert!(matches!(result, Err(Error::PermissionDenied)), "{result:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_may_what_their_roles_may() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(cheap(dir.path())).await.unwrap();
    set(&store, "cfg", "c").await;
    people(&store).await;
    let ann = session(&store, "ann", "a").await;
    ann.put(put("app/x", "1")).await.unwrap();
    ann.range(RangeRequest::prefix("app/")).await.unwrap();
    ann.range(RangeRequest::key("cfg")).await.unwrap();
    denied(ann.put(put("cfg", "2")).await);
    denied(ann.range(RangeRequest::prefix("")).await);
    denied(ann.range(RangeRequest::key("cfg2")).await);
    denied(ann.delete_range(delete("cfg")).await);
    denied(ann.watch(WatchRequest::prefix("cf", 0)));
    ann.watch(WatchRequest::prefix("app/", 0)).unwrap();
    // Every operation of a transaction counts, on the branch not taken as well, and so do its compares.
    let txn = |compare: &'static str, success: RequestOp, failure: RequestOp| TxnRequest {
        compare: vec![Compare::mod_revision(compare, 0)],
        success: vec![success],
        failure: vec![failure],
    };
    let own = || RequestOp::Put(put("app/y", "1"));
    let other = || RequestOp::Put(put("zzz", "1"));
    ann.txn(txn("app/none", own(), own())).await.unwrap();
    denied(ann.txn(txn("app/none", own(), other())).await);
    denied(ann.txn(txn("secret", own(), own())).await);
    let nested = RequestOp::Txn(txn("app/none", own(), other()));
    denied(ann.txn(txn("app/none", nested, own())).await);
    let read = || RequestOp::Range(RangeRequest::key("zzz"));
    denied(ann.txn(txn("app/none", read(), read())).await);
    // Whoever has no role may nothing, whoever is nobody is told so.
    let bob = session(&store, "bob", "b").await;
    denied(bob.range(RangeRequest::key("app/x")).await);
    let nobody = store.session(Caller::Anonymous);
    let error = nobody.range(RangeRequest::key("app/x")).await.unwrap_err();
    assert_eq!(error.to_string(), "etcdserver: user name is empty");
    assert!(matches!(
        nobody.put(put("app/x", "1")).await,
        Err(Error::UserEmpty)
    ));
    assert!(matches!(
        nobody.lease_grant(60, 0).await,
        Err(Error::UserEmpty)
    ));
    assert!(matches!(nobody.status(), Err(Error::UserEmpty)));
    // `root` and the process itself may everything.
    let root = session(&store, "root", "toor").await;
    root.put(put("zzz", "1")).await.unwrap();
    root.range(RangeRequest::prefix("")).await.unwrap();
    set(&store, "zzz", "2").await;
    store.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_permission_to_write_is_none_to_read() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(cheap(dir.path())).await.unwrap();
    people(&store).await;
    let admin = store.session(Caller::Internal);
    admin.role_add("drop".into()).await.unwrap();
    let write = permission(PermissionKind::Write, "box", "\0");
    admin
        .role_grant_permission("drop".into(), write)
        .await
        .unwrap();
    admin
        .user_grant_role("bob".into(), "drop".into())
        .await
        .unwrap();
    let bob = session(&store, "bob", "b").await;
    bob.put(put("box/1", "x")).await.unwrap();
    denied(bob.range(RangeRequest::key("box/1")).await);
    let with_before = PutRequest {
        prev_kv: true,
        ..put("box/1", "y")
    };
    denied(bob.put(with_before).await);
    let with_before = DeleteRangeRequest {
        prev_kv: true,
        ..delete("box/1")
    };
    denied(bob.delete_range(with_before).await);
    bob.delete_range(delete("box/1")).await.unwrap();
    store.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_users_counts_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(cheap(dir.path())).await.unwrap();
    people(&store).await;
    let admin = store.session(Caller::Internal);
    let token = log_in(&store, "ann", "a").await.unwrap();
    let before = store.session(store.caller_of_token(token.reveal()).await.unwrap());
    before.put(put("app/x", "1")).await.unwrap();
    admin.role_add("other".into()).await.unwrap();
    // Known before the change: to be known again. The token still says who it is.
    for result in [
        before.put(put("app/x", "2")).await.map(|_| ()),
        before.range(RangeRequest::key("app/x")).await.map(|_| ()),
    ] {
        let error = result.unwrap_err();
        assert_eq!(
            error.to_string(),
            "etcdserver: revision of auth store is old"
        );
    }
    let again = store.session(store.caller_of_token(token.reveal()).await.unwrap());
    again.put(put("app/x", "2")).await.unwrap();
    // A role that is taken away is gone, and a user's tokens with a change of their password.
    admin
        .user_revoke_role("ann".into(), "app".into())
        .await
        .unwrap();
    let again = store.session(store.caller_of_token(token.reveal()).await.unwrap());
    denied(again.put(put("app/x", "3")).await);
    let change = UserChangePasswordRequest {
        name: "ann".into(),
        password: "new".into(),
        hashed_password: Secret::default(),
    };
    admin.user_change_password(change).await.unwrap();
    let refused = store.caller_of_token(token.reveal()).await;
    assert!(matches!(refused, Err(Error::InvalidAuthToken)));
    assert!(matches!(
        log_in(&store, "ann", "a").await,
        Err(Error::AuthFailed)
    ));
    let token = log_in(&store, "ann", "new").await.unwrap();
    admin.user_delete("ann".into()).await.unwrap();
    let refused = store.caller_of_token(token.reveal()).await;
    assert!(matches!(refused, Err(Error::InvalidAuthToken)));
    assert_eq!(get(&store, "app/x", 0).await.unwrap().as_deref(), Some("2"));
    store.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_survives_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(cheap(dir.path())).await.unwrap();
    people(&store).await;
    let admin = store.session(Caller::Internal);
    let status = admin.auth_status().await.unwrap();
    drop(admin);
    let ann = session(&store, "ann", "a").await;
    ann.put(put("app/x", "1")).await.unwrap();
    store.shutdown().await;
    let store = Store::open(cheap(dir.path())).await.unwrap();
    let root = session(&store, "root", "toor").await;
    let now = root.auth_status().await.unwrap();
    assert_eq!(
        (now.enabled, now.auth_revision),
        (true, status.auth_revision)
    );
    let admin = store.session(Caller::Internal);
    assert_eq!(
        admin.user_list().await.unwrap().users,
        ["ann", "bob", "root"]
    );
    assert_eq!(admin.role_get("app").await.unwrap().permissions.len(), 2);
    let ann = session(&store, "ann", "a").await;
    denied(ann.auth_status().await);
    let nobody = store.session(Caller::Anonymous).auth_status().await;
    assert!(matches!(nobody, Err(Error::UserEmpty)), "{nobody:?}");
    ann.put(put("app/x", "2")).await.unwrap();
    denied(ann.put(put("zzz", "1")).await);
    // What the role `root` may do beyond what it was granted is not shown.
    admin.role_add("root".into()).await.unwrap();
    assert!(admin.role_get("root").await.unwrap().permissions.is_empty());
    store.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn leases_are_their_keys() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(cheap(dir.path())).await.unwrap();
    people(&store).await;
    let ann = session(&store, "ann", "a").await;
    let lease = ann.lease_grant(600, 0).await.unwrap().id;
    ann.put(PutRequest {
        lease,
        ..put("app/x", "1")
    })
    .await
    .unwrap();
    ann.lease_keep_alive(lease).await.unwrap();
    ann.lease_time_to_live(lease, true).await.unwrap();
    // A key that ann may not write hangs on the lease: it is not hers any more.
    store
        .put(PutRequest {
            lease,
            ..put("zzz", "1")
        })
        .await
        .unwrap();
    denied(ann.lease_revoke(lease).await);
    denied(ann.lease_keep_alive(lease).await);
    denied(ann.lease_time_to_live(lease, true).await);
    denied(ann.leases().await);
    denied(
        ann.put(PutRequest {
            lease,
            ..put("app/y", "1")
        })
        .await,
    );
    ann.lease_time_to_live(lease, false).await.unwrap();
    let nobody = store.session(Caller::Anonymous);
    assert!(matches!(
        nobody.lease_keep_alive(lease).await,
        Err(Error::UserEmpty)
    ));
    assert!(matches!(
        nobody.lease_time_to_live(lease, false).await,
        Err(Error::UserEmpty)
    ));
    session(&store, "root", "toor")
        .await
        .lease_revoke(lease)
        .await
        .unwrap();
    assert_eq!(get(&store, "app/x", 0).await.unwrap(), None);
    store.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn managing_takes_root_and_root_cannot_be_locked_out() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(cheap(dir.path())).await.unwrap();
    let early = store.session(Caller::Anonymous);
    assert!(matches!(
        early.auth_enable().await,
        Err(Error::RootUserNotExist)
    ));
    assert!(matches!(
        log_in(&store, "root", "toor").await,
        Err(Error::AuthNotEnabled)
    ));
    // While auth is disabled everybody may manage, and nobody is anybody.
    early.role_add("early".into()).await.unwrap();
    assert_eq!(
        store.caller_of_token("any").await.unwrap(),
        Caller::Anonymous
    );
    people(&store).await;
    let ann = session(&store, "ann", "a").await;
    denied(ann.role_add("r".into()).await);
    denied(ann.user_list().await);
    denied(ann.auth_disable().await);
    denied(ann.check_admin());
    denied(ann.user_get("root").await);
    denied(ann.role_get("early").await);
    assert_eq!(ann.user_get("ann").await.unwrap().roles, ["app"]);
    assert_eq!(ann.role_get("app").await.unwrap().permissions.len(), 2);
    let add = |name: &str, password: &str, no_password| UserAddRequest {
        name: name.into(),
        password: password.into(),
        no_password,
    };
    denied(ann.user_add(add("eve", "e", false)).await);
    assert!(matches!(
        early.role_add("r".into()).await,
        Err(Error::UserEmpty)
    ));
    let root = session(&store, "root", "toor").await;
    for result in [
        root.user_delete("root".into()).await,
        root.user_revoke_role("root".into(), "root".into()).await,
        root.role_delete("root".into()).await,
    ] {
        assert!(matches!(result, Err(Error::InvalidAuthMgmt)), "{result:?}");
    }
    // Without a password one can only come with a certificate.
    root.user_add(add("cert", "", true)).await.unwrap();
    assert!(matches!(
        log_in(&store, "cert", "").await,
        Err(Error::NoPasswordUser)
    ));
    root.user_grant_role("cert".into(), "app".into())
        .await
        .unwrap();
    let cert = store.session(store.caller_of_certificate("cert"));
    cert.put(put("app/z", "1")).await.unwrap();
    let stranger = store.session(store.caller_of_certificate("stranger"));
    denied(stranger.put(put("app/z", "1")).await);
    assert!(matches!(stranger.check_admin(), Err(Error::UserNotFound)));
    root.auth_disable().await.unwrap();
    early.put(put("zzz", "1")).await.unwrap();
    store.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn etcds_words_for_what_cannot_be() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(cheap(dir.path())).await.unwrap();
    people(&store).await;
    let root = session(&store, "root", "toor").await;
    let add = |name: &str| UserAddRequest {
        name: name.into(),
        password: "x".into(),
        no_password: false,
    };
    let words = |result: Result<ResponseHeader, Error>| result.unwrap_err().to_string();
    assert_eq!(
        words(root.user_add(add("")).await),
        "etcdserver: user name is empty"
    );
    assert_eq!(
        words(root.user_add(add("ann")).await),
        "etcdserver: user name already exists"
    );
    assert_eq!(
        words(root.user_delete("eve".into()).await),
        "etcdserver: user name not found"
    );
    assert_eq!(
        words(root.role_add("".into()).await),
        "etcdserver: role name is empty"
    );
    assert_eq!(
        words(root.role_add("app".into()).await),
        "etcdserver: role name already exists"
    );
    assert_eq!(
        words(root.role_delete("none".into()).await),
        "etcdserver: role name not found"
    );
    assert_eq!(
        words(root.user_grant_role("ann".into(), "none".into()).await),
        "etcdserver: role name not found"
    );
    assert_eq!(
        words(root.user_revoke_role("bob".into(), "app".into()).await),
        "etcdserver: role is not granted to the user"
    );
    assert_eq!(
        words(root.role_grant_permission("app".into(), None).await),
        "etcdserver: permission not given"
    );
    let empty = permission(PermissionKind::Read, "b", "a");
    assert_eq!(
        words(root.role_grant_permission("app".into(), empty).await),
        "etcdserver: invalid auth management"
    );
    assert_eq!(
        words(
            root.role_revoke_permission("app".into(), "cfg".into(), "d".into())
                .await
        ),
        "etcdserver: permission is not granted to the role"
    );
    root.role_revoke_permission("app".into(), "cfg".into(), Bytes::new())
        .await
        .unwrap();
    assert_eq!(
        log_in(&store, "ann", "wrong")
            .await
            .unwrap_err()
            .to_string(),
        "etcdserver: authentication failed, invalid user ID or password"
    );
    assert!(matches!(
        log_in(&store, "eve", "e").await,
        Err(Error::AuthFailed)
    ));
    assert_eq!(
        store
            .caller_of_token("abc.1")
            .await
            .unwrap_err()
            .to_string(),
        "etcdserver: invalid auth token"
    );
    store.shutdown().await;
}

/// Nothing that is written holds a password, nor does what is logged.
#[tokio::test(flavor = "multi_thread")]
async fn no_password_is_written_anywhere() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(cheap(dir.path())).await.unwrap();
    let password = "a-password-that-nothing-else-is";
    add_user(&store, "root", password).await;
    let admin = store.session(Caller::Internal);
    admin
        .user_grant_role("root".into(), "root".into())
        .await
        .unwrap();
    admin.auth_enable().await.unwrap();
    log_in(&store, "root", password).await.unwrap();
    store.shutdown().await;
    for entry in std::fs::read_dir(dir.path()).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        let found = bytes
            .windows(password.len())
            .any(|window| window == password.as_bytes());
        assert!(!found);
    }
}
