//! How responses are written: events from the store's memory straight into the connection's buffer.
//!
//! Written by hand, because every event goes to each of its watchers: messages of their own would cost each of them an
//! allocation and the counting of four references.

use bytes::{BufMut, Bytes};
use hydrofoil_etcd_wire::etcdserverpb::{WatchRequest, WatchResponse};
use hydrofoil_raftstore as store;
use prost::{
    Message as _,
    encoding::{self, WireType, encode_key, encode_varint, encoded_len_varint, key_len},
};
use tonic::{
    Status,
    codec::{Codec, EncodeBuf, Encoder},
};
use tonic_prost::ProstDecoder;

use crate::grpc::convert;

/// A response that is sent.
#[derive(Debug)]
pub enum Outgoing {
    /// One that is made.
    Message(WatchResponse),
    /// What a watch received.
    Received {
        /// The watch's id.
        id: i64,
        /// What it received.
        response: store::WatchResponse,
    },
}

impl Outgoing {
    /// The message.
    pub fn into_message(self) -> WatchResponse {
        match self {
            Outgoing::Message(message) => message,
            Outgoing::Received { id, response } => convert::watch_response(id, &response),
        }
    }
}

/// Watch requests in, watch responses out.
#[derive(Debug, Default)]
pub struct WatchCodec;

impl Codec for WatchCodec {
    type Encode = Outgoing;
    type Decode = WatchRequest;
    type Encoder = OutgoingEncoder;
    type Decoder = ProstDecoder<WatchRequest>;

    fn encoder(&mut self) -> OutgoingEncoder {
        OutgoingEncoder
    }

    fn decoder(&mut self) -> ProstDecoder<WatchRequest> {
        ProstDecoder::default()
    }
}

/// See the module header.
#[derive(Debug)]
pub struct OutgoingEncoder;

impl Encoder for OutgoingEncoder {
    type Item = Outgoing;
    type Error = Status;

    fn encode(&mut self, item: Outgoing, buf: &mut EncodeBuf<'_>) -> Result<(), Status> {
        match item {
            Outgoing::Message(message) => {
                buf.reserve(message.encoded_len());
                message.encode_raw(buf);
            }
            Outgoing::Received { id, response } => {
                buf.reserve(encoded_len(id, &response));
                encode(id, &response, buf);
            }
        }
        Ok(())
    }
}

// Field numbers of etcd's `rpc.proto` and `kv.proto`.
mod field {
    pub const HEADER: u32 = 1;
    pub const WATCH_ID: u32 = 2;
    pub const CANCELED: u32 = 4;
    pub const COMPACT_REVISION: u32 = 5;
    pub const EVENTS: u32 = 11;

    pub const EVENT_TYPE: u32 = 1;
    pub const EVENT_KV: u32 = 2;
    pub const EVENT_PREV_KV: u32 = 3;

    pub const KEY: u32 = 1;
    pub const CREATE_REVISION: u32 = 2;
    pub const MOD_REVISION: u32 = 3;
    pub const VERSION: u32 = 4;
    pub const VALUE: u32 = 5;
    pub const LEASE: u32 = 6;
}

/// `EventType.DELETE`.
const DELETE: i64 = 1;

/// Length of [`convert::watch_response`]'s message.
fn encoded_len(id: i64, response: &store::WatchResponse) -> usize {
    let header = convert::header(response.header).map_or(0, |header| header.encoded_len());
    let events = response.events.iter().map(|event| {
        let length = event_len(event);
        key_len(field::EVENTS) + delimited_len(length)
    });
    key_len(field::HEADER)
        + delimited_len(header)
        + number_len(field::WATCH_ID, id)
        + number_len(field::CANCELED, i64::from(response.canceled))
        + number_len(field::COMPACT_REVISION, response.compact_revision)
        + events.sum::<usize>()
}

/// Writes [`convert::watch_response`]'s message.
fn encode(id: i64, response: &store::WatchResponse, buf: &mut impl BufMut) {
    if let Some(header) = convert::header(response.header) {
        encoding::message::encode(field::HEADER, &header, buf);
    }
    number(field::WATCH_ID, id, buf);
    number(field::CANCELED, i64::from(response.canceled), buf);
    number(field::COMPACT_REVISION, response.compact_revision, buf);
    for event in &response.events {
        begin(field::EVENTS, event_len(event), buf);
        if event.kind == store::EventKind::Delete {
            number(field::EVENT_TYPE, DELETE, buf);
        }
        key_value(field::EVENT_KV, &event.kv, buf);
        if let Some(before) = &event.prev_kv {
            key_value(field::EVENT_PREV_KV, before, buf);
        }
    }
}

fn event_len(event: &store::Event) -> usize {
    let kind = match event.kind {
        store::EventKind::Put => 0,
        store::EventKind::Delete => number_len(field::EVENT_TYPE, DELETE),
    };
    let before = event.prev_kv.as_deref().map_or(0, |kv| {
        key_len(field::EVENT_PREV_KV) + delimited_len(key_value_len(kv))
    });
    kind + key_len(field::EVENT_KV) + delimited_len(key_value_len(&event.kv)) + before
}

fn key_value_len(kv: &store::KeyValue) -> usize {
    bytes_len(field::KEY, &kv.key)
        + number_len(field::CREATE_REVISION, kv.create_revision)
        + number_len(field::MOD_REVISION, kv.mod_revision)
        + number_len(field::VERSION, kv.version)
        + bytes_len(field::VALUE, &kv.value)
        + number_len(field::LEASE, kv.lease)
}

fn key_value(tag: u32, kv: &store::KeyValue, buf: &mut impl BufMut) {
    begin(tag, key_value_len(kv), buf);
    bytes(field::KEY, &kv.key, buf);
    number(field::CREATE_REVISION, kv.create_revision, buf);
    number(field::MOD_REVISION, kv.mod_revision, buf);
    number(field::VERSION, kv.version, buf);
    bytes(field::VALUE, &kv.value, buf);
    number(field::LEASE, kv.lease, buf);
}

/// Length of what is preceded by its length.
fn delimited_len(length: usize) -> usize {
    encoded_len_varint(length as u64) + length
}

fn begin(tag: u32, length: usize, buf: &mut impl BufMut) {
    encode_key(tag, WireType::LengthDelimited, buf);
    encode_varint(length as u64, buf);
}

fn number_len(tag: u32, value: i64) -> usize {
    match value {
        0 => 0,
        value => key_len(tag) + encoded_len_varint(value.cast_unsigned()),
    }
}

fn number(tag: u32, value: i64, buf: &mut impl BufMut) {
    if value != 0 {
        encode_key(tag, WireType::Varint, buf);
        encode_varint(value.cast_unsigned(), buf);
    }
}

fn bytes_len(tag: u32, value: &Bytes) -> usize {
    match value.len() {
        0 => 0,
        length => key_len(tag) + delimited_len(length),
    }
}

fn bytes(tag: u32, value: &Bytes, buf: &mut impl BufMut) {
    if !value.is_empty() {
        begin(tag, value.len(), buf);
        buf.put_slice(value);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;

    fn key_values() -> impl Strategy<Value = Arc<store::KeyValue>> {
        let bytes = || proptest::collection::vec(any::<u8>(), 0..300).prop_map(Bytes::from);
        let numbers = || prop_oneof![Just(0), 0..300i64, any::<i64>()];
        (bytes(), bytes(), numbers(), numbers(), numbers(), numbers()).prop_map(
            |(key, value, create_revision, mod_revision, version, lease)| {
                Arc::new(store::KeyValue {
                    key,
                    value,
                    create_revision,
                    mod_revision,
                    version,
                    lease,
                })
            },
        )
    }

    fn events() -> impl Strategy<Value = store::Event> {
        let kinds = prop_oneof![Just(store::EventKind::Put), Just(store::EventKind::Delete)];
        (kinds, key_values(), proptest::option::of(key_values()))
            .prop_map(|(kind, kv, prev_kv)| store::Event { kind, kv, prev_kv })
    }

    proptest! {
        #[test]
        fn what_is_written_is_the_message(
            id in any::<i64>(),
            events in proptest::collection::vec(events(), 0..4),
            (cluster_id, member_id, revision, raft_term) in any::<(u64, u64, i64, u64)>(),
            (canceled, compact_revision) in any::<(bool, i64)>(),
        ) {
            let response = store::WatchResponse {
                header: store::ResponseHeader { cluster_id, member_id, revision, raft_term },
                events,
                canceled,
                compact_revision,
                ..Default::default()
            };
            let expected = convert::watch_response(id, &response).encode_to_vec();
            let mut written = Vec::new();
            encode(id, &response, &mut written);
            prop_assert_eq!(encoded_len(id, &response), written.len());
            prop_assert_eq!(written, expected);
        }
    }
}
