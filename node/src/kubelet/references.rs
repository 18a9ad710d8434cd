//! Which ConfigMaps and Secrets a pod refers to, anywhere in its spec.

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::{Container, Pod, Volume};

/// Kinds of objects that pods refer to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum ReferenceKind {
    ConfigMap,
    Secret,
}

/// One object, in the pod's namespace.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Reference {
    pub kind: ReferenceKind,
    pub name: String,
}

fn config_map(name: &str) -> Reference {
    Reference {
        kind: ReferenceKind::ConfigMap,
        name: name.to_owned(),
    }
}

fn secret(name: &str) -> Reference {
    Reference {
        kind: ReferenceKind::Secret,
        name: name.to_owned(),
    }
}

/// Every object the pod refers to, once.
pub(crate) fn of(pod: &Pod) -> Vec<Reference> {
    let Some(spec) = &pod.spec else {
        return Vec::new();
    };
    let mut found = BTreeSet::new();
    for container in spec
        .containers
        .iter()
        .chain(spec.init_containers.iter().flatten())
    {
        of_container(container, &mut found);
    }
    for volume in spec.volumes.iter().flatten() {
        of_volume(volume, &mut found);
    }
    for pull in spec.image_pull_secrets.iter().flatten() {
        found.insert(secret(&pull.name));
    }
    found.retain(|reference| !reference.name.is_empty());
    found.into_iter().collect()
}

fn of_container(container: &Container, found: &mut BTreeSet<Reference>) {
    for source in container.env_from.iter().flatten() {
        found.extend(
            source
                .config_map_ref
                .iter()
                .map(|source| config_map(&source.name)),
        );
        found.extend(source.secret_ref.iter().map(|source| secret(&source.name)));
    }
    for source in container
        .env
        .iter()
        .flatten()
        .filter_map(|variable| variable.value_from.as_ref())
    {
        found.extend(
            source
                .config_map_key_ref
                .iter()
                .map(|source| config_map(&source.name)),
        );
        found.extend(
            source
                .secret_key_ref
                .iter()
                .map(|source| secret(&source.name)),
        );
    }
}

fn of_volume(volume: &Volume, found: &mut BTreeSet<Reference>) {
    found.extend(
        volume
            .config_map
            .iter()
            .map(|source| config_map(&source.name)),
    );
    found.extend(
        volume
            .secret
            .iter()
            .filter_map(|source| source.secret_name.as_deref())
            .map(secret),
    );
    let sources = volume
        .projected
        .iter()
        .flat_map(|projected| projected.sources.iter().flatten());
    for source in sources {
        found.extend(
            source
                .config_map
                .iter()
                .map(|source| config_map(&source.name)),
        );
        found.extend(source.secret.iter().map(|source| secret(&source.name)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_place_is_found_once() {
        let pod: Pod = serde_json::from_value(json!({
            "spec": {
                "imagePullSecrets": [{"name": "pull"}],
                "initContainers": [{"name": "i", "envFrom": [{"secretRef": {"name": "from"}}]}],
                "containers": [{"name": "c", "env": [
                    {"name": "A", "valueFrom": {"configMapKeyRef": {"name": "cm", "key": "k"}}},
                    {"name": "B", "valueFrom": {"configMapKeyRef": {"name": "cm", "key": "l"}}}]}],
                "volumes": [
                    {"name": "v", "configMap": {"name": "cm"}},
                    {"name": "w", "secret": {"secretName": "s"}},
                    {"name": "x", "projected": {"sources": [{"configMap": {"name": "p"}}]}}]
            }
        }))
        .unwrap();
        let expected = [
            config_map("cm"),
            config_map("p"),
            secret("from"),
            secret("pull"),
            secret("s"),
        ];
        assert_eq!(of(&pod), expected);
    }
}
