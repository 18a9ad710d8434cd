//! Which objects belong to an owner: it adopts orphans that its selector matches and releases what it no longer matches.

use std::sync::Arc;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde_json::{Value, json};

use crate::error::Error;
use crate::objects::{Kind, Meta, Object};
use crate::selector::Selector;
use crate::writer::{PatchType, Target, Writer};

/// An owner's objects, told apart.
#[derive(Debug)]
pub struct Claim<K> {
    /// Owned and matching.
    pub owned: Vec<Arc<K>>,
    /// Matching orphans.
    pub adopt: Vec<Arc<K>>,
    /// Owned but not matching any more.
    pub release: Vec<Arc<K>>,
}

/// Sorts candidates (the owner's objects and the namespace's orphans) as an owner with this selector sees them.
/// An owner that is being deleted neither adopts nor releases.
pub fn claim<K: Object>(
    owner: &ObjectMeta,
    selector: &Selector,
    candidates: impl IntoIterator<Item = Arc<K>>,
) -> Claim<K> {
    let mut claim = Claim {
        owned: Vec::new(),
        adopt: Vec::new(),
        release: Vec::new(),
    };
    for object in candidates {
        let meta = object.meta();
        let matches = selector.matches(meta.labels());
        match meta.controller() {
            Some(controller) if controller.uid == owner.uid() => {
                if matches {
                    claim.owned.push(object);
                } else if !owner.is_deleting() {
                    claim.release.push(object);
                }
            }
            Some(_) => {}
            None => {
                if matches && !owner.is_deleting() && !meta.is_deleting() {
                    claim.adopt.push(object);
                }
            }
        }
    }
    claim
}

fn adoption(
    owner_kind: &Kind,
    owner: &ObjectMeta,
    object: &ObjectMeta,
    finalizer: Option<&str>,
) -> Value {
    let reference = owner_kind.controller_reference(owner);
    let mut patch = json!({"metadata": {"ownerReferences": [reference], "uid": object.uid()}});
    if let Some(finalizer) = finalizer {
        patch["metadata"]["finalizers"] = json!([finalizer]);
    }
    patch
}

fn release(owner: &ObjectMeta, object: &ObjectMeta, finalizer: Option<&str>) -> Value {
    let mut patch = json!({"metadata": {
        "ownerReferences": [{"$patch": "delete", "uid": owner.uid()}],
        "uid": object.uid(),
    }});
    if let Some(finalizer) = finalizer {
        patch["metadata"]["$deleteFromPrimitiveList/finalizers"] = json!([finalizer]);
    }
    patch
}

/// Adopts and releases as a claim says. Before it adopts, it makes sure by a live read that the owner is still the same and
/// not being deleted. Returns whether anything was changed, in which case the cache will soon show it.
pub async fn settle<K: Object>(
    writer: &Writer,
    owner_kind: &'static Kind,
    owner: &ObjectMeta,
    claim: &Claim<K>,
    finalizer: Option<&str>,
) -> Result<bool, Error> {
    if claim.adopt.is_empty() && claim.release.is_empty() {
        return Ok(false);
    }
    for object in &claim.release {
        let meta = object.meta();
        let target = Target::new(K::resource(), meta.namespace(), meta.name());
        let body = release(owner, meta, finalizer);
        match writer
            .patch(target, None, PatchType::Strategic, &body)
            .await
        {
            // Gone, or not its own any more: nothing is left to release.
            Err(error) if error.is_not_found() || error.is_invalid() => {}
            other => drop(other?),
        }
    }
    if claim.adopt.is_empty() {
        return Ok(true);
    }
    let target = Target::new(owner_kind, owner.namespace(), owner.name());
    let live = writer.live(target).await?;
    if live.metadata.uid() != owner.uid() || live.metadata.is_deleting() {
        return Err(Error::Object(format!(
            "{} {}/{} is gone or being deleted and adopts nothing",
            owner_kind.kind,
            owner.namespace(),
            owner.name()
        )));
    }
    for object in &claim.adopt {
        let meta = object.meta();
        let target = Target::new(K::resource(), meta.namespace(), meta.name());
        let body = adoption(owner_kind, owner, meta, finalizer);
        match writer
            .patch(target, None, PatchType::Strategic, &body)
            .await
        {
            Err(error) if error.is_not_found() => {}
            other => drop(other?),
        }
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::objects::{Pod, REPLICA_SET};
    use crate::selector;

    fn pod(name: &str, label: &str, owner: Option<&str>) -> Arc<Pod> {
        let owners = owner.map_or(String::new(), |uid| {
            format!(", ownerReferences: [{{apiVersion: apps/v1, kind: ReplicaSet, name: x, uid: {uid}, controller: true}}]")
        });
        let yaml = format!(
            "{{metadata: {{name: {name}, namespace: n, uid: u-{name}, labels: {{app: {label}}}{owners}}}}}"
        );
        Arc::new(serde_yaml::from_str(&yaml).unwrap())
    }

    fn names(pods: &[Arc<Pod>]) -> Vec<&str> {
        pods.iter().map(|p| p.metadata.name()).collect()
    }

    #[test]
    fn orphans_are_adopted_and_strangers_released() {
        let mut owner: ObjectMeta =
            serde_yaml::from_str("{name: rs, namespace: n, uid: me}").unwrap();
        let selector =
            selector::compile(&serde_yaml::from_str("{matchLabels: {app: x}}").unwrap()).unwrap();
        let pods = [
            pod("mine", "x", Some("me")),
            pod("strayed", "y", Some("me")),
            pod("orphan", "x", None),
            pod("other-orphan", "y", None),
            pod("foreign", "x", Some("other")),
        ];
        let claimed = claim(&owner, &selector, pods.clone());
        assert_eq!(names(&claimed.owned), ["mine"]);
        assert_eq!(names(&claimed.adopt), ["orphan"]);
        assert_eq!(names(&claimed.release), ["strayed"]);
        owner.deletion_timestamp = serde_yaml::from_str("2026-01-01T00:00:00Z").unwrap();
        let claimed = claim(&owner, &selector, pods);
        assert!(claimed.adopt.is_empty() && claimed.release.is_empty());
        let patch = adoption(
            &REPLICA_SET,
            &owner,
            &pod("orphan", "x", None).metadata,
            None,
        );
        assert_eq!(patch["metadata"]["ownerReferences"][0]["controller"], true);
        assert_eq!(patch["metadata"]["uid"], "u-orphan");
    }
}
