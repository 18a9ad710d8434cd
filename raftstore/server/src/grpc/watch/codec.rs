//! How responses are written: events from the store's memory straight into the connection's buffer.
//!
//! Written by hand, because every event goes to each of its watchers: messages of their own would cost each of them an
//! allocation and the counting of four references. And because the watches of a stream often watch the same, what the last one
//! received is kept as it was written.

use bytes::{BufMut, Bytes};
use hydrofoil_etcd_wire::etcdserverpb::{WatchRequest, WatchResponse};
use hydrofoil_raftstore as store;
use prost::{
    Message as _,
    encoding::{self, WireType, encode_key, encode_varint, encoded_len_varint, key_len},
};
use tonic::{
    Status,
    codec::{BufferSettings, Codec, EncodeBuf, Encoder},
};
use tonic_prost::ProstDecoder;

use crate::grpc::convert;

/// Bytes after which what is written so far is sent: a frame of HTTP/2 as large as clients take without being asked.
const BUFFER_BYTES: usize = 16 << 10;
/// Longest events that are kept as they were written.
const MAX_KEPT_BYTES: usize = 4 << 10;

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

/// Watch requests in, watch responses out.
#[derive(Debug, Default)]
pub struct WatchCodec;

impl Codec for WatchCodec {
    type Encode = Outgoing;
    type Decode = WatchRequest;
    type Encoder = OutgoingEncoder;
    type Decoder = ProstDecoder<WatchRequest>;

    fn encoder(&mut self) -> OutgoingEncoder {
        OutgoingEncoder::default()
    }

    fn decoder(&mut self) -> ProstDecoder<WatchRequest> {
        ProstDecoder::default()
    }
}

/// See the module header.
#[derive(Debug, Default)]
pub struct OutgoingEncoder {
    /// The events that were written last, if they are short.
    events: store::Remembered,
    written: Vec<u8>,
    /// The header that was written last.
    header: store::ResponseHeader,
    written_header: Vec<u8>,
}

impl Encoder for OutgoingEncoder {
    type Item = Outgoing;
    type Error = Status;

    fn encode(&mut self, item: Outgoing, buf: &mut EncodeBuf<'_>) -> Result<(), Status> {
        match item {
            Outgoing::Message(message) => {
                buf.reserve(message.encoded_len());
                message.encode_raw(buf);
            }
            Outgoing::Received { id, response } => self.received(id, response, buf),
        }
        Ok(())
    }

    fn buffer_settings(&self) -> BufferSettings {
        BufferSettings::new(BUFFER_BYTES, BUFFER_BYTES)
    }
}

impl OutgoingEncoder {
    /// Writes [`convert::watch_response`]'s message.
    fn received(&mut self, id: i64, response: store::WatchResponse, buf: &mut impl BufMut) {
        self.head(id, &response, buf);
        if !self.events.are(&response.events) {
            let length = events_len(&response.events);
            if length > MAX_KEPT_BYTES {
                return events(&response.events, buf);
            }
            self.written.clear();
            self.written.reserve(length);
            events(&response.events, &mut self.written);
            self.events = response.events.remember();
        }
        buf.put_slice(&self.written);
    }

    /// The fields before the events, which are last in the message.
    fn head(&mut self, id: i64, response: &store::WatchResponse, buf: &mut impl BufMut) {
        if self.written_header.is_empty() || self.header != response.header {
            self.written_header.clear();
            if let Some(header) = convert::header(response.header) {
                encoding::message::encode(field::HEADER, &header, &mut self.written_header);
            }
            self.header = response.header;
        }
        buf.put_slice(&self.written_header);
        number(field::WATCH_ID, id, buf);
        number(field::CANCELED, i64::from(response.canceled), buf);
        number(field::COMPACT_REVISION, response.compact_revision, buf);
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

fn events_len(events: &store::Events) -> usize {
    let lengths = events.iter().map(event_len);
    lengths
        .map(|length| key_len(field::EVENTS) + delimited_len(length))
        .sum()
}

fn events(events: &store::Events, buf: &mut impl BufMut) {
    for event in events.iter() {
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

    /// What a stream with these settings sends of responses, each with its length before it.
    fn sent(responses: &[(i64, store::WatchResponse)]) -> Vec<Bytes> {
        let mut encoder = OutgoingEncoder::default();
        let mut whole = Vec::new();
        for (id, response) in responses {
            let mut buf = Vec::new();
            encoder.received(*id, response.clone(), &mut buf);
            whole.push(buf.into());
        }
        whole
    }

    proptest! {
        #[test]
        fn what_is_written_is_the_message(
            events in proptest::collection::vec(proptest::collection::vec(events(), 0..4), 1..4),
            // Which of the events each response has: the same as the one before it, often.
            chosen in proptest::collection::vec((any::<i64>(), any::<proptest::sample::Index>()), 1..12),
            (cluster_id, member_id, revision, raft_term) in any::<(u64, u64, i64, u64)>(),
            (canceled, compact_revision) in any::<(bool, i64)>(),
        ) {
            let responses: Vec<_> = chosen
                .iter()
                .map(|(id, index)| {
                    let response = store::WatchResponse {
                        header: store::ResponseHeader { cluster_id, member_id, revision, raft_term },
                        events: index.get(&events).clone().into(),
                        canceled,
                        compact_revision,
                        ..Default::default()
                    };
                    (*id, response)
                })
                .collect();
            let expected = responses.iter().map(|(id, response)| {
                Bytes::from(convert::watch_response(*id, response).encode_to_vec())
            });
            prop_assert_eq!(sent(&responses), expected.collect::<Vec<_>>());
        }
    }

    #[test]
    fn events_that_are_too_long_to_keep_are_written_whole() {
        let event = store::Event {
            kind: store::EventKind::Put,
            kv: Arc::new(store::KeyValue {
                key: Bytes::from_static(b"k"),
                value: vec![7; 3 * MAX_KEPT_BYTES].into(),
                ..Default::default()
            }),
            prev_kv: None,
        };
        let response = store::WatchResponse {
            events: vec![event].into(),
            ..Default::default()
        };
        let expected = Bytes::from(convert::watch_response(3, &response).encode_to_vec());
        let both = [(3, response.clone()), (3, response)];
        assert_eq!(sent(&both), [expected.clone(), expected]);
    }
}
