//! The bytes that etcd would write, and what `Debug` must not say.

use bytes::Bytes;
use prost::Message as _;

use crate::{etcdserverpb::*, files, mvccpb::KeyValue};

#[test]
fn what_etcd_always_writes_is_written_when_it_is_zero() {
    let state = files::HardState::default();
    assert_eq!(state.encode_to_vec(), [8, 0, 16, 0, 24, 0]);
    let entry = files::Entry {
        term: 2,
        index: 3,
        ..Default::default()
    };
    assert_eq!(entry.encode_to_vec(), [8, 0, 16, 2, 24, 3]);
    let metadata = files::SnapshotMetadata {
        conf_state: files::ConfState {
            voters: vec![1, 300],
            ..Default::default()
        },
        ..Default::default()
    };
    assert_eq!(
        metadata.encode_to_vec(),
        [10, 7, 8, 1, 8, 0xac, 2, 40, 0, 16, 0, 24, 0]
    );
    let record = files::Record {
        r#type: 4,
        ..Default::default()
    };
    assert_eq!(record.encode_to_vec(), [8, 4, 16, 0]);
}

#[test]
fn a_key_value_is_in_order_of_its_numbers_and_without_its_zeros() {
    let kv = KeyValue {
        key: Bytes::from_static(b"a"),
        mod_revision: 2,
        value: Bytes::from_static(b"b"),
        ..Default::default()
    };
    assert_eq!(kv.encode_to_vec(), [10, 1, b'a', 24, 2, 42, 1, b'b']);
}

#[test]
fn a_compare_has_its_range_end_at_64_and_a_request_its_header_at_100() {
    let compare = Compare {
        range_end: Bytes::from_static(b"z"),
        ..Default::default()
    };
    assert_eq!(compare.encode_to_vec(), [0x82, 4, 1, b'z']);
    let request = InternalRaftRequest {
        header: Some(RequestHeader {
            id: 1,
            ..Default::default()
        }),
        ..Default::default()
    };
    assert_eq!(request.encode_to_vec(), [0xa2, 6, 2, 8, 1]);
}

#[test]
fn what_is_decoded_points_into_the_buffer() {
    let wire = Bytes::from(
        PutRequest {
            key: Bytes::from_static(b"key"),
            value: Bytes::from(vec![7; 256]),
            ..Default::default()
        }
        .encode_to_vec(),
    );
    let buffer = wire.as_ptr_range();
    let request = PutRequest::decode(wire.clone()).unwrap();
    assert!(buffer.contains(&request.value.as_ptr()));
}

#[test]
fn debug_shows_no_secret() {
    let secret = || "hunter2".to_string();
    let shown = [
        format!(
            "{:?}",
            AuthenticateRequest {
                name: "root".into(),
                password: secret()
            }
        ),
        format!(
            "{:?}",
            AuthenticateResponse {
                token: secret(),
                ..Default::default()
            }
        ),
        format!(
            "{:?}",
            AuthUserAddRequest {
                password: secret(),
                hashed_password: secret(),
                ..Default::default()
            }
        ),
        format!(
            "{:?}",
            AuthUserChangePasswordRequest {
                password: secret(),
                hashed_password: secret(),
                ..Default::default()
            }
        ),
        format!(
            "{:?}",
            InternalRaftRequest {
                authenticate: Some(InternalAuthenticateRequest {
                    password: secret(),
                    simple_token: secret(),
                    ..Default::default()
                }),
                ..Default::default()
            }
        ),
        format!(
            "{:?}",
            files::User {
                password: secret().into(),
                ..Default::default()
            }
        ),
    ];
    for text in shown {
        assert!(!text.contains("hunter2"), "{text}");
    }
}

#[test]
fn the_descriptors_keep_the_names_of_the_wire() {
    let found = |name: &[u8]| {
        crate::DESCRIPTORS
            .windows(name.len())
            .any(|part| part == name)
    };
    assert!(found(b"peerURLs") && found(b"grantedTTL"));
    assert!(!found(b"peer_ur_ls"));
}
