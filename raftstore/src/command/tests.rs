//! Commands are read as they were written, and what is no command is refused.

use bytes::Bytes;
use proptest::prelude::*;

use super::*;
use crate::auth::{PasswordHash, Permission, PermissionKind, command::TokenPrefix};

fn txn() -> TxnRequest {
    let range = RangeRequest {
        limit: 7,
        revision: -1,
        sort_order: SortOrder::Descend,
        sort_target: SortTarget::Value,
        keys_only: true,
        max_mod_revision: 9,
        ..RangeRequest::prefix("/registry/")
    };
    let put = PutRequest {
        key: Bytes::from_static(b"k"),
        value: Bytes::from_static(b"v"),
        lease: -3,
        prev_kv: true,
        ignore_value: false,
        ignore_lease: true,
    };
    let compare = |target| Compare {
        result: CompareResult::Less,
        target,
        key: Bytes::from_static(b"c"),
        range_end: Bytes::from_static(b"d"),
    };
    TxnRequest {
        compare: vec![
            compare(CompareTarget::Value(Bytes::from_static(b"x"))),
            compare(CompareTarget::Lease(5)),
            compare(CompareTarget::Version(0)),
        ],
        success: vec![
            RequestOp::Put(put),
            RequestOp::Txn(TxnRequest {
                failure: vec![RequestOp::Range(range)],
                ..Default::default()
            }),
        ],
        failure: vec![RequestOp::DeleteRange(DeleteRangeRequest {
            key: Bytes::from_static(b"a"),
            range_end: Bytes::from_static(b"\0"),
            prev_kv: true,
        })],
    }
}

fn commands() -> Vec<Command> {
    let auth = [
        AuthCommand::Enable,
        AuthCommand::Disable,
        AuthCommand::UserAdd {
            name: "ann".into(),
            password: PasswordHash::from_bytes(vec![0, 255]),
            no_password: true,
        },
        AuthCommand::UserDelete { name: "ann".into() },
        AuthCommand::UserChangePassword {
            name: "ann".into(),
            password: PasswordHash::default(),
        },
        AuthCommand::UserGrantRole {
            user: "ann".into(),
            role: "r".into(),
        },
        AuthCommand::UserRevokeRole {
            user: "ann".into(),
            role: "r".into(),
        },
        AuthCommand::RoleAdd { name: "r".into() },
        AuthCommand::RoleDelete { role: "r".into() },
        AuthCommand::RoleGrantPermission {
            role: "r".into(),
            permission: Permission {
                kind: PermissionKind::ReadWrite,
                key: Bytes::new(),
                range_end: Bytes::from_static(&[0]),
            },
        },
        AuthCommand::RoleRevokePermission {
            role: "r".into(),
            key: Bytes::from_static(b"k"),
            range_end: Bytes::new(),
        },
        AuthCommand::Authenticate {
            name: "ann".into(),
            token_prefix: TokenPrefix("abc".into()),
        },
    ];
    let mut commands = vec![
        Command::Txn(txn()),
        Command::LeaseGrant {
            id: i64::MAX,
            ttl: 60,
        },
        Command::LeaseRevoke { id: -1 },
        Command::Compact { revision: 12 },
        Command::Publish {
            member: u64::MAX,
            attributes: Attributes {
                name: "infra0".into(),
                client_urls: vec!["http://a:1".into(), "http://b:2".into()],
                disk: 7,
            },
        },
        Command::LeaseCheckpoint(vec![LeaseCheckpoint {
            id: 3,
            remaining: 90,
        }]),
        Command::Alarm {
            raise: true,
            member_id: u64::MAX,
            alarm: AlarmKind::Corrupt,
        },
    ];
    commands.extend(auth.map(Command::Auth));
    let ann = Caller::User {
        name: "ann".into(),
        revision: 300,
    };
    commands.push(Command::Txn(txn()).on_behalf_of(&ann));
    commands.push(Command::LeaseRevoke { id: 1 }.on_behalf_of(&Caller::Anonymous));
    commands
}

#[test]
fn commands_come_back() {
    for command in commands() {
        let mut out = Vec::new();
        command.encode(&mut out);
        let mut reader = Reader::new(&out);
        assert_eq!(Command::decode(&mut reader), Ok(command));
        assert_eq!(reader.end(), Ok(()));
    }
}

#[test]
fn no_prefix_of_a_command_is_a_command_and_none_panics() {
    for command in commands() {
        let mut out = Vec::new();
        command.encode(&mut out);
        for end in 0..out.len() {
            assert!(
                Command::decode(&mut Reader::new(&out[..end])).is_err(),
                "{command:?} up to {end}"
            );
        }
    }
}

/// Logs that were written before commands had callers stay readable: these bytes never change.
#[test]
fn the_form_of_old_commands_stays() {
    let encoded = |command: &Command| {
        let mut out = Vec::new();
        command.encode(&mut out);
        out
    };
    assert_eq!(encoded(&Command::LeaseRevoke { id: 5 }), [3, 10]);
    assert_eq!(encoded(&Command::Compact { revision: 12 }), [4, 24]);
    assert_eq!(encoded(&Command::LeaseGrant { id: 1, ttl: 2 }), [2, 2, 4]);
    let put = RequestOp::Put(PutRequest {
        key: "k".into(),
        value: "v".into(),
        prev_kv: true,
        ..Default::default()
    });
    let txn = TxnRequest {
        success: vec![put],
        ..Default::default()
    };
    assert_eq!(
        encoded(&Command::Txn(txn)),
        [1, 0, 1, 1, 1, b'k', 1, b'v', 0, 1, 0]
    );
}

#[test]
fn callers_are_not_nested() {
    for bytes in [
        &[KIND_ANONYMOUS, KIND_ANONYMOUS, KIND_COMPACT, 2][..],
        &[KIND_USER, 1, b'a', 1, KIND_ANONYMOUS, KIND_COMPACT, 2],
    ] {
        assert!(Command::decode(&mut Reader::new(bytes)).is_err());
    }
}

proptest! {
    #![proptest_config(crate::tests::fuzz::cases(2_000))]

    /// Arbitrary bytes are an error or a command that comes back, and never a panic. What is decoded is no larger than the
    /// bytes allow: a list cannot have more elements than there were bytes.
    #[test]
    fn arbitrary_bytes(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(command) = Command::decode(&mut Reader::new(&bytes)) {
            let mut out = Vec::new();
            command.encode(&mut out);
            prop_assert_eq!(Command::decode(&mut Reader::new(&out)), Ok(command));
        }
    }

    /// The same with bytes that are nearly a command, which get further.
    #[test]
    fn nearly_a_command(
        which in any::<prop::sample::Index>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let all = commands();
        let mut bytes = Vec::new();
        which.get(&all).encode(&mut bytes);
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Ok(command) = Command::decode(&mut Reader::new(&bytes)) {
            let mut out = Vec::new();
            command.encode(&mut out);
            prop_assert_eq!(Command::decode(&mut Reader::new(&out)), Ok(command));
        }
    }
}
