//! Users, roles, tokens, and what a user may do.

use hydrofoil_etcd_wire::{
    authpb::{Permission, permission::Type},
    etcdserverpb::{watch_request::RequestUnion, *},
};
use tonic::{Code, Request};

use crate::{Server, assert_status, get, put, watch::Stream};

/// A server with auth enabled, where `alice` may read and write `a` to `b`, and everybody's password is their name.
async fn guarded() -> Server {
    let server = Server::start().await;
    let mut auth = server.auth();
    for name in ["root", "alice"] {
        let user = AuthUserAddRequest {
            name: name.into(),
            password: name.into(),
            ..Default::default()
        };
        auth.user_add(user).await.unwrap();
        let role = AuthRoleAddRequest { name: name.into() };
        auth.role_add(role).await.unwrap();
        let grant = AuthUserGrantRoleRequest {
            user: name.into(),
            role: name.into(),
        };
        auth.user_grant_role(grant).await.unwrap();
    }
    let permission = AuthRoleGrantPermissionRequest {
        name: "alice".into(),
        perm: Some(Permission {
            perm_type: Type::Readwrite.into(),
            key: "a".into(),
            range_end: "b".into(),
        }),
    };
    auth.role_grant_permission(permission).await.unwrap();
    auth.auth_enable(AuthEnableRequest {}).await.unwrap();
    server
}

async fn token(server: &Server, name: &str) -> String {
    let login = AuthenticateRequest {
        name: name.into(),
        password: name.into(),
    };
    server
        .auth()
        .authenticate(login)
        .await
        .unwrap()
        .into_inner()
        .token
}

fn with_token<T>(token: &str, message: T) -> Request<T> {
    let mut request = Request::new(message);
    request
        .metadata_mut()
        .insert("token", token.parse().unwrap());
    request
}

#[tokio::test]
async fn a_user_does_what_its_roles_allow() {
    let server = guarded().await;
    let mut kv = server.kv();
    assert_status(
        kv.put(put("a", "1")).await,
        Code::InvalidArgument,
        "etcdserver: user name is empty",
    );
    let alice = token(&server, "alice").await;
    kv.put(with_token(&alice, put("a", "1"))).await.unwrap();
    kv.range(with_token(&alice, get("a"))).await.unwrap();
    let denied = "etcdserver: permission denied";
    assert_status(
        kv.put(with_token(&alice, put("x", "1"))).await,
        Code::PermissionDenied,
        denied,
    );
    let compact = CompactionRequest {
        revision: 1,
        physical: false,
    };
    assert_status(
        kv.compact(with_token(&alice, compact)).await,
        Code::PermissionDenied,
        denied,
    );
    assert_status(
        server
            .auth()
            .auth_status(with_token(&alice, AuthStatusRequest {}))
            .await,
        Code::PermissionDenied,
        denied,
    );
    assert_status(
        server.auth().auth_status(AuthStatusRequest {}).await,
        Code::InvalidArgument,
        "etcdserver: user name is empty",
    );
    assert_status(
        server
            .cluster()
            .member_remove(with_token(&alice, MemberRemoveRequest { id: 1 }))
            .await,
        Code::PermissionDenied,
        denied,
    );
    assert_status(
        kv.put(with_token("nonsense", put("a", "1"))).await,
        Code::Unauthenticated,
        "etcdserver: invalid auth token",
    );
    let wrong = AuthenticateRequest {
        name: "alice".into(),
        password: "bob".into(),
    };
    assert_status(
        server.auth().authenticate(wrong).await,
        Code::InvalidArgument,
        "etcdserver: authentication failed, invalid user ID or password",
    );
    // The header that the JSON gateway sends.
    let root = token(&server, "root").await;
    let mut request = Request::new(put("x", "1"));
    request
        .metadata_mut()
        .insert("authorization", root.parse().unwrap());
    kv.put(request).await.unwrap();
}

/// What etcd's Maintenance refuses it refuses in the words of its auth, which clients do not know.
#[tokio::test]
async fn maintenance_is_refused_in_the_words_of_auth() {
    let server = guarded().await;
    let mut maintenance = server.maintenance();
    let alice = token(&server, "alice").await;
    let denied = "auth: permission denied";
    let request = with_token(&alice, DefragmentRequest {});
    let refused = maintenance.defragment(request).await;
    assert_status(refused, Code::Unknown, denied);
    let request = with_token(&alice, SnapshotRequest {});
    let refused = maintenance.snapshot(request).await;
    assert_status(refused, Code::Unknown, denied);
    let request = with_token(&alice, HashRequest {});
    let refused = maintenance.hash(request).await;
    assert_status(refused, Code::Unknown, denied);
    let request = with_token(&alice, HashKvRequest::default());
    let refused = maintenance.hash_kv(request).await;
    assert_status(refused, Code::Unknown, denied);
    assert_status(
        maintenance.defragment(DefragmentRequest {}).await,
        Code::Unknown,
        "auth: user name is empty",
    );
    let request = with_token("nonsense", DefragmentRequest {});
    assert_status(
        maintenance.defragment(request).await,
        Code::Unknown,
        "auth: invalid auth token",
    );
    // Others of the same service are refused as everywhere.
    let request = with_token(&alice, MoveLeaderRequest { target_id: 1 });
    assert_status(
        maintenance.move_leader(request).await,
        Code::PermissionDenied,
        "etcdserver: permission denied",
    );
}

#[tokio::test]
async fn a_watch_that_is_not_permitted_is_refused_as_etcd_refuses_it() {
    let server = guarded().await;
    let alice = token(&server, "alice").await;
    let mut stream = Stream::with(&server, |request| {
        request
            .metadata_mut()
            .insert("token", alice.parse().unwrap());
    })
    .await;
    let watch = |key: &'static str| WatchCreateRequest {
        key: key.into(),
        ..Default::default()
    };
    let refused = stream.ask(watch("x")).await;
    assert!(refused.created && refused.canceled && refused.watch_id == -1);
    assert_eq!(
        refused.cancel_reason,
        "rpc error: code = PermissionDenied desc = etcdserver: permission denied"
    );
    stream.create(watch("a")).await;
    let mut nobody = Stream::open(&server).await;
    nobody.send(RequestUnion::CreateRequest(watch("a"))).await;
    let refused = nobody.next().await;
    assert_eq!(
        refused.cancel_reason,
        "rpc error: code = InvalidArgument desc = etcdserver: user name is empty"
    );
}

#[tokio::test]
async fn users_and_roles_are_listed_changed_and_deleted() {
    let server = guarded().await;
    let root = token(&server, "root").await;
    let mut auth = server.auth();
    let status = auth
        .auth_status(with_token(&root, AuthStatusRequest {}))
        .await
        .unwrap();
    assert!(status.get_ref().enabled && status.get_ref().auth_revision > 1);
    let users = auth
        .user_list(with_token(&root, AuthUserListRequest {}))
        .await
        .unwrap();
    assert_eq!(users.get_ref().users, ["alice", "root"]);
    let roles = auth
        .role_list(with_token(&root, AuthRoleListRequest {}))
        .await
        .unwrap();
    assert_eq!(roles.get_ref().roles, ["alice", "root"]);
    let role = AuthRoleGetRequest {
        role: "alice".into(),
    };
    let role = auth
        .role_get(with_token(&root, role))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(role.perm.len(), 1);
    assert_eq!(
        (&role.perm[0].key[..], role.perm[0].perm_type()),
        (&b"a"[..], Type::Readwrite)
    );
    let user = AuthUserGetRequest {
        name: "alice".into(),
    };
    let user = auth
        .user_get(with_token(&root, user))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(user.roles, ["alice"]);
    let missing = AuthUserGetRequest { name: "bob".into() };
    assert_status(
        auth.user_get(with_token(&root, missing)).await,
        Code::FailedPrecondition,
        "etcdserver: user name not found",
    );
    let change = AuthUserChangePasswordRequest {
        name: "alice".into(),
        password: "new".into(),
        ..Default::default()
    };
    auth.user_change_password(with_token(&root, change))
        .await
        .unwrap();
    let login = AuthenticateRequest {
        name: "alice".into(),
        password: "new".into(),
    };
    auth.authenticate(login).await.unwrap();
    let root = token(&server, "root").await;
    let revoke = AuthRoleRevokePermissionRequest {
        role: "alice".into(),
        key: "a".into(),
        range_end: "b".into(),
    };
    auth.role_revoke_permission(with_token(&root, revoke))
        .await
        .unwrap();
    let root = token(&server, "root").await;
    let revoke = AuthUserRevokeRoleRequest {
        name: "alice".into(),
        role: "alice".into(),
    };
    auth.user_revoke_role(with_token(&root, revoke))
        .await
        .unwrap();
    let root = token(&server, "root").await;
    let delete = AuthRoleDeleteRequest {
        role: "alice".into(),
    };
    auth.role_delete(with_token(&root, delete)).await.unwrap();
    let root = token(&server, "root").await;
    let delete = AuthUserDeleteRequest {
        name: "alice".into(),
    };
    auth.user_delete(with_token(&root, delete)).await.unwrap();
    let root = token(&server, "root").await;
    auth.auth_disable(with_token(&root, AuthDisableRequest {}))
        .await
        .unwrap();
    server.put("x", "1").await;
}
