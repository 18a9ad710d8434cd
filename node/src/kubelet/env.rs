//! A container's environment: `envFrom`, `env`, fields, resources, Service variables, and `$(VAR)` expansion, in upstream's order
//! of precedence (`makeEnvironmentVariables`).

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{ConfigMap, Container, EnvVarSource, Pod, Secret};

use super::fields::{self, Place};
use super::objects::Objects;

/// The environment of a container. The error is what CreateContainerConfigError shows.
pub(crate) async fn build(
    pod: &Pod,
    container: &Container,
    place: &Place,
    services: BTreeMap<String, String>,
    objects: &Objects,
) -> Result<BTreeMap<String, String>, String> {
    let namespace = pod.metadata.namespace.as_deref().unwrap_or_default();
    let mut own = BTreeMap::new();
    for source in container.env_from.iter().flatten() {
        let prefix = source.prefix.as_deref().unwrap_or_default();
        if let Some(wanted) = &source.config_map_ref {
            match objects.config_map(namespace, &wanted.name).await? {
                Some(found) => own.extend(
                    found
                        .data
                        .iter()
                        .flatten()
                        .map(|(key, value)| (format!("{prefix}{key}"), value.clone())),
                ),
                None if wanted.optional == Some(true) => {}
                None => return Err(absent("configmap", &wanted.name)),
            }
        }
        if let Some(wanted) = &source.secret_ref {
            match objects.secret(namespace, &wanted.name).await? {
                Some(found) => own.extend(found.data.iter().flatten().map(|(key, value)| {
                    (
                        format!("{prefix}{key}"),
                        String::from_utf8_lossy(&value.0).into_owned(),
                    )
                })),
                None if wanted.optional == Some(true) => {}
                None => return Err(absent("secret", &wanted.name)),
            }
        }
    }
    for variable in container.env.iter().flatten() {
        let plain = variable.value.as_deref().filter(|value| !value.is_empty());
        let value = match (plain, &variable.value_from) {
            (Some(text), _) => Some(expand(text, |name| {
                own.get(name).or_else(|| services.get(name)).cloned()
            })),
            (None, Some(source)) => {
                from_source(pod, container, source, place, namespace, objects).await?
            }
            (None, None) => Some(String::new()),
        };
        if let Some(value) = value {
            own.insert(variable.name.clone(), value);
        }
    }
    for (name, value) in services {
        own.entry(name).or_insert(value);
    }
    Ok(own)
}

/// The text of an error for an object that is not there.
pub(crate) fn absent(kind: &str, name: &str) -> String {
    format!("{kind} \"{name}\" not found")
}

/// The value a source gives; `None` when it is optional and gives none.
async fn from_source(
    pod: &Pod,
    container: &Container,
    source: &EnvVarSource,
    place: &Place,
    namespace: &str,
    objects: &Objects,
) -> Result<Option<String>, String> {
    if let Some(wanted) = &source.field_ref {
        return fields::field(pod, &wanted.field_path, place).map(Some);
    }
    if let Some(wanted) = &source.resource_field_ref {
        return fields::resource(pod, Some(container), wanted, place.allocatable).map(Some);
    }
    if let Some(wanted) = &source.config_map_key_ref {
        let optional = wanted.optional == Some(true);
        let found = objects.config_map(namespace, &wanted.name).await?;
        return pick(
            found
                .as_deref()
                .map(|map| config_map_value(map, &wanted.key)),
            ("configmap", "ConfigMap"),
            (namespace, &wanted.name, &wanted.key),
            optional,
        );
    }
    if let Some(wanted) = &source.secret_key_ref {
        let optional = wanted.optional == Some(true);
        let found = objects.secret(namespace, &wanted.name).await?;
        return pick(
            found
                .as_deref()
                .map(|secret| secret_value(secret, &wanted.key)),
            ("secret", "Secret"),
            (namespace, &wanted.name, &wanted.key),
            optional,
        );
    }
    Err("fileKeyRef is not supported by this node".to_owned())
}

fn config_map_value(map: &ConfigMap, key: &str) -> Option<String> {
    map.data.as_ref()?.get(key).cloned()
}

fn secret_value(secret: &Secret, key: &str) -> Option<String> {
    secret
        .data
        .as_ref()?
        .get(key)
        .map(|value| String::from_utf8_lossy(&value.0).into_owned())
}

/// What was found, or why its absence is an error.
fn pick(
    found: Option<Option<String>>,
    (lower, kind): (&str, &str),
    (namespace, name, key): (&str, &str, &str),
    optional: bool,
) -> Result<Option<String>, String> {
    match found {
        Some(Some(value)) => Ok(Some(value)),
        None | Some(None) if optional => Ok(None),
        None => Err(absent(lower, name)),
        Some(None) => Err(format!(
            "couldn't find key {key} in {kind} {namespace}/{name}"
        )),
    }
}

/// Expands `$(NAME)` by `lookup`; `$$` is a dollar, and an unknown name stays as it is written.
pub(crate) fn expand(text: &str, lookup: impl Fn(&str) -> Option<String>) -> String {
    let mut expanded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        expanded.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('$') {
            expanded.push('$');
            rest = after;
        } else if let Some(inside) = rest.strip_prefix('(') {
            match inside.split_once(')') {
                Some((name, after)) => {
                    match lookup(name) {
                        Some(value) => expanded.push_str(&value),
                        None => {
                            expanded.push_str("$(");
                            expanded.push_str(name);
                            expanded.push(')');
                        }
                    }
                    rest = after;
                }
                // An unclosed reference is text.
                None => {
                    expanded.push_str("$(");
                    rest = inside;
                }
            }
        } else {
            expanded.push('$');
        }
    }
    expanded.push_str(rest);
    expanded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_expanded_and_the_rest_is_left() {
        let lookup = |name: &str| match name {
            "A" => Some("1".to_owned()),
            "E" => Some(String::new()),
            _ => None,
        };
        for (text, expected) in [
            ("x$(A)y", "x1y"),
            ("$$(A)", "$(A)"),
            ("$(B)", "$(B)"),
            ("$(E)!", "!"),
            ("$A $", "$A $"),
            ("$(A", "$(A"),
            ("$$$(A)", "$1"),
            ("é$(A)é", "é1é"),
        ] {
            assert_eq!(expand(text, lookup), expected, "{text}");
        }
    }

    #[test]
    fn absent_objects_and_keys_are_named() {
        let names = ("ns", "n", "k");
        assert_eq!(
            pick(None, ("configmap", "ConfigMap"), names, false).unwrap_err(),
            "configmap \"n\" not found"
        );
        assert_eq!(
            pick(Some(None), ("secret", "Secret"), names, false).unwrap_err(),
            "couldn't find key k in Secret ns/n"
        );
        assert_eq!(pick(None, ("secret", "Secret"), names, true), Ok(None));
    }
}
