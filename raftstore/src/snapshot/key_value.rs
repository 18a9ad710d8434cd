//! `mvccpb.KeyValue` as bytes: how long it will be, without its value at hand, and writing it. Written by hand because the
//! first pass of an export must know every length before it has read any value.

use crate::mvcc::version::Meta;

/// Field numbers of `mvccpb.KeyValue`, each with its wire type (2: bytes, 0: varint).
const KEY: u8 = 1 << 3 | 2;
const CREATE_REVISION: u8 = 2 << 3;
const MOD_REVISION: u8 = 3 << 3;
const VERSION: u8 = 4 << 3;
const VALUE: u8 = 5 << 3 | 2;
const LEASE: u8 = 6 << 3;

fn varint_len(value: u64) -> usize {
    (64 - (value | 1).leading_zeros() as usize).div_ceil(7)
}

fn number_len(value: i64) -> usize {
    match value {
        0 => 0,
        value => 1 + varint_len(value as u64),
    }
}

fn bytes_len(len: usize) -> usize {
    match len {
        0 => 0,
        len => 1 + varint_len(len as u64) + len,
    }
}

/// Bytes of a version. A tombstone has its key alone, as etcd writes it.
pub fn encoded_len(key: usize, mod_revision: i64, meta: Option<&Meta>) -> usize {
    let fields = meta.map_or(0, |meta| {
        number_len(meta.create)
            + number_len(mod_revision)
            + number_len(meta.version)
            + bytes_len(meta.value_len as usize)
            + number_len(meta.lease)
    });
    bytes_len(key) + fields
}

fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn put_number(out: &mut Vec<u8>, tag: u8, value: i64) {
    if value != 0 {
        out.push(tag);
        put_varint(out, value as u64);
    }
}

fn put_bytes(out: &mut Vec<u8>, tag: u8, bytes: &[u8]) {
    if !bytes.is_empty() {
        out.push(tag);
        put_varint(out, bytes.len() as u64);
        out.extend_from_slice(bytes);
    }
}

/// Makes `out` a version. `value` must have the length that `meta` says.
pub fn encode(key: &[u8], mod_revision: i64, meta: Option<&Meta>, value: &[u8], out: &mut Vec<u8>) {
    out.clear();
    put_bytes(out, KEY, key);
    if let Some(meta) = meta {
        put_number(out, CREATE_REVISION, meta.create);
        put_number(out, MOD_REVISION, mod_revision);
        put_number(out, VERSION, meta.version);
        put_bytes(out, VALUE, value);
        put_number(out, LEASE, meta.lease);
    }
}

#[cfg(test)]
mod tests {
    use hydrofoil_etcd_wire::files::KeyValue;
    use proptest::prelude::*;
    use prost::Message;

    use super::*;

    proptest! {
        #[test]
        fn what_is_written_is_what_prost_writes(
            key in prop::collection::vec(any::<u8>(), 0..300),
            value in prop::collection::vec(any::<u8>(), 0..300),
            create_revision in 0i64..,
            mod_revision in 0i64..,
            version in 0i64..1000,
            lease in any::<i64>(),
        ) {
            let meta = Meta {
                create: create_revision,
                version,
                lease,
                value_len: value.len() as u32,
            };
            let mut out = Vec::new();
            encode(&key, mod_revision, Some(&meta), &value, &mut out);
            prop_assert_eq!(out.len(), encoded_len(key.len(), mod_revision, Some(&meta)));
            let theirs = KeyValue {
                key: key.clone().into(),
                create_revision,
                mod_revision,
                version,
                value: value.into(),
                lease,
            };
            prop_assert_eq!(&out, &theirs.encode_to_vec());
            encode(&key, mod_revision, None, &[], &mut out);
            prop_assert_eq!(out.len(), encoded_len(key.len(), mod_revision, None));
            let theirs = KeyValue { key: key.into(), ..Default::default() };
            prop_assert_eq!(&out, &theirs.encode_to_vec());
        }
    }
}
