//! Pod templates: when two are the same, and the hash that names a template's ReplicaSet and labels its pods.
//!
//! Upstream hashes a dump of Go memory, which nobody else can make; ours has the same form (FNV-1a over 32 bits, in the same
//! safe alphabet) over the template's JSON with sorted keys and without what is empty.

use serde_json::Value;

/// Labels the pods and the ReplicaSet of one template.
pub const HASH_LABEL: &str = "pod-template-hash";

/// Letters and digits that form no words (apimachinery's `util/rand`).
const ALPHABET: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";

/// FNV-1a, 32 bits.
struct Fnv(u32);

impl Fnv {
    fn new() -> Self {
        Self(0x811c_9dc5)
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u32::from(*byte)).wrapping_mul(0x0100_0193);
        }
    }
}

/// Whether a value says nothing: `null`, an empty list, or an object of such values.
fn says_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.values().all(says_nothing),
        _ => false,
    }
}

fn feed(value: &Value, hash: &mut Fnv) {
    match value {
        Value::Object(fields) => {
            hash.write(b"{");
            let mut names: Vec<_> = fields.iter().filter(|(_, v)| !says_nothing(v)).collect();
            names.sort_unstable_by_key(|(name, _)| name.as_str());
            for (name, value) in names {
                hash.write(name.as_bytes());
                hash.write(b":");
                feed(value, hash);
            }
            hash.write(b"}");
        }
        Value::Array(items) => {
            hash.write(b"[");
            for item in items {
                feed(item, hash);
                hash.write(b",");
            }
            hash.write(b"]");
        }
        other => hash.write(other.to_string().as_bytes()),
    }
}

/// The hash of a template, told apart by how many collisions there were.
pub fn hash(template: &Value, collisions: Option<i32>) -> String {
    let mut fnv = Fnv::new();
    feed(template, &mut fnv);
    if let Some(collisions) = collisions {
        fnv.write(&i64::from(collisions).to_le_bytes());
    }
    fnv.0
        .to_string()
        .bytes()
        .map(|digit| ALPHABET[usize::from(digit) % ALPHABET.len()] as char)
        .collect()
}

/// Whether two templates are the same but for their hash label, absent and empty being one.
pub fn same(a: &Value, b: &Value) -> bool {
    same_at(a, b, 0)
}

/// `depth` counts the names on the way, to know the labels at `metadata.labels`.
fn same_at(a: &Value, b: &Value, depth: u8) -> bool {
    match (a, b) {
        (Value::Object(x), Value::Object(y)) => {
            let ignored = |name: &str| depth == LABELS_DEPTH && name == HASH_LABEL;
            let inner = |name: &str| match (depth, name) {
                (0, "metadata") => 1,
                (1, "labels") => LABELS_DEPTH,
                _ => u8::MAX,
            };
            let covered = x.iter().all(|(name, left)| {
                ignored(name)
                    || match y.get(name) {
                        Some(right) => same_at(left, right, inner(name)),
                        None => says_nothing(left),
                    }
            });
            covered
                && y.iter().all(|(name, right)| {
                    ignored(name) || x.contains_key(name) || says_nothing(right)
                })
        }
        (Value::Array(x), Value::Array(y)) => {
            x.len() == y.len() && x.iter().zip(y).all(|(l, r)| same_at(l, r, u8::MAX))
        }
        (l, r) => l == r || (says_nothing(l) && says_nothing(r)),
    }
}

/// Where a template's labels are: `metadata.labels`.
const LABELS_DEPTH: u8 = 2;

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn sameness_ignores_the_hash_label_and_what_is_empty() {
        let a = json!({"metadata": {"creationTimestamp": null, "labels": {"app": "x"}}, "spec": {"containers": [{"name": "c", "resources": {}}]}});
        let mut b = json!({"metadata": {"labels": {"app": "x", HASH_LABEL: "abc"}}, "spec": {"containers": [{"name": "c"}], "volumes": []}});
        assert!(same(&a, &b) && same(&b, &a));
        b["spec"]["containers"][0]["image"] = "i".into();
        assert!(!same(&a, &b) && !same(&b, &a));
        let labelled = json!({"spec": {"nodeSelector": {HASH_LABEL: "abc"}}});
        assert!(!same(&labelled, &json!({"spec": {}})));
    }

    #[test]
    fn hashes_have_upstreams_form() {
        let a = json!({"metadata": {"labels": {"b": "1", "a": "2"}}, "spec": {"x": {}}});
        let b = json!({"spec": {}, "metadata": {"labels": {"a": "2", "b": "1"}}});
        let first = hash(&a, None);
        assert_eq!(first, hash(&b, None));
        assert_ne!(first, hash(&a, Some(1)));
        assert_ne!(hash(&a, Some(1)), hash(&a, Some(2)));
        assert!(
            first.len() <= 10 && first.bytes().all(|b| ALPHABET.contains(&b)),
            "{first}"
        );
        let mut fnv = Fnv::new();
        fnv.write(b"a");
        assert_eq!(fnv.0, 0xe40c_292c);
    }
}
