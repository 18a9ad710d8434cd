//! Cutting a response into several, each below the size that a client takes. As etcd's `sendFragments`: every part but the last
//! says that more of the same response follows, and an event is never cut.

use hydrofoil_etcd_wire::etcdserverpb::WatchResponse;
use prost::{Message as _, encoding::encoded_len_varint};

/// A response in pieces smaller than `most` bytes where events allow.
pub fn cut(response: WatchResponse, most: usize) -> Vec<WatchResponse> {
    if response.events.len() < 2 || response.encoded_len() < most {
        return vec![response];
    }
    let WatchResponse { events, .. } = response;
    let head = WatchResponse {
        events: Vec::new(),
        fragment: true,
        ..response
    };
    let head_bytes = head.encoded_len();
    let mut parts = Vec::new();
    let mut part = head.clone();
    let mut bytes = head_bytes;
    for event in events {
        let length = event.encoded_len();
        // Field 11 of one byte for its key, then the length.
        let needed = 1 + encoded_len_varint(length as u64) + length;
        if !part.events.is_empty() && bytes + needed >= most {
            parts.push(std::mem::replace(&mut part, head.clone()));
            bytes = head_bytes;
        }
        part.events.push(event);
        bytes += needed;
    }
    part.fragment = false;
    parts.push(part);
    parts
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use hydrofoil_etcd_wire::mvccpb::{Event, KeyValue};

    use super::*;

    fn response(sizes: &[usize]) -> WatchResponse {
        let events = sizes.iter().map(|size| Event {
            kv: Some(KeyValue {
                key: Bytes::from_static(b"k"),
                value: vec![1; *size].into(),
                ..Default::default()
            }),
            ..Default::default()
        });
        WatchResponse {
            watch_id: 7,
            events: events.collect(),
            ..Default::default()
        }
    }

    fn cut_into(sizes: &[usize], most: usize) -> Vec<WatchResponse> {
        cut(response(sizes), most)
    }

    #[test]
    fn nothing_is_lost_and_only_the_last_part_says_it_is_the_last() {
        for most in [1, 50, 128, 300, 1000] {
            let sizes = [10, 200, 90, 90, 0, 400, 1];
            let parts = cut_into(&sizes, most);
            let events: Vec<_> = parts.iter().flat_map(|part| part.events.clone()).collect();
            assert_eq!(events, response(&sizes).events, "at {most}");
            let (last, others) = parts.split_last().unwrap();
            assert!(!last.fragment && others.iter().all(|part| part.fragment));
            assert!(
                parts
                    .iter()
                    .all(|part| part.watch_id == 7 && !part.events.is_empty())
            );
            for part in &parts {
                assert!(
                    part.events.len() == 1 || part.encoded_len() < most,
                    "at {most}"
                );
            }
        }
    }

    #[test]
    fn what_is_small_or_has_one_event_stays_whole() {
        assert_eq!(cut_into(&[10, 10], 1000).len(), 1);
        assert_eq!(cut_into(&[1000], 10).len(), 1);
    }
}
