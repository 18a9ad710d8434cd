//! Ids of members and of the cluster, by the rule of etcd's `server/etcdserver/api/membership`, so that `member list` of both
//! agrees for the same `--initial-cluster`.

use sha1::{Digest, Sha1};

/// The id of a member: the first 8 bytes, big endian, of the SHA-1 over its sorted peer URLs, one after the other, and the
/// cluster's token. A member that is added to a running cluster has the time of that appended, in decimal seconds since 1970,
/// so that a member that comes back with the URLs of one that was removed is another one.
pub fn member_id(peer_urls: &[String], token: &str, added_at_seconds: Option<u64>) -> u64 {
    let mut sorted: Vec<&str> = peer_urls.iter().map(String::as_str).collect();
    sorted.sort_unstable();
    let mut hash = Sha1::new();
    for url in sorted {
        hash.update(url);
    }
    hash.update(token);
    if let Some(seconds) = added_at_seconds {
        hash.update(seconds.to_string());
    }
    first_bytes(hash)
}

/// The id of a cluster that begins with these members.
pub fn cluster_id(member_ids: impl IntoIterator<Item = u64>) -> u64 {
    let mut sorted: Vec<u64> = member_ids.into_iter().collect();
    sorted.sort_unstable();
    let mut hash = Sha1::new();
    for id in sorted {
        hash.update(id.to_be_bytes());
    }
    first_bytes(hash)
}

fn first_bytes(hash: Sha1) -> u64 {
    let digest = hash.finalize();
    digest[..8]
        .iter()
        .fold(0, |sum, byte| (sum << 8) | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The ids that etcd 3.5 shows for its own documented example: one member `default` at `http://localhost:2380` with the
    /// default token.
    #[test]
    fn ids_are_etcds() {
        let urls = ["http://localhost:2380".to_owned()];
        let member = member_id(&urls, "etcd-cluster", None);
        assert_eq!(format!("{member:x}"), "8e9e05c52164694d");
        assert_eq!(format!("{:x}", cluster_id([member])), "cdf818194e3a8c32");
    }

    #[test]
    fn the_order_of_urls_and_of_members_does_not_matter_and_time_does() {
        let urls = ["http://b:1".to_owned(), "http://a:1".to_owned()];
        let turned = [urls[1].clone(), urls[0].clone()];
        assert_eq!(member_id(&urls, "t", None), member_id(&turned, "t", None));
        assert_ne!(
            member_id(&urls, "t", Some(1)),
            member_id(&urls, "t", Some(2))
        );
        assert_eq!(cluster_id([3, 1, 2]), cluster_id([1, 2, 3]));
    }
}
