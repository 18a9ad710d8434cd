//! Defaults that are facts: a field that was not set gets a fixed value.
//!
//! Two sources: what the types declare themselves (`+default=`, in the facts table), and upstream's `SetDefaults_*` functions
//! as far as they are "if unset, then this" (`rules.rs`). A default that depends on another field is a rule of its kind and
//! is kept with the kind in the API server: `imagePullPolicy` (the tag), a volume without a source, `targetPort` (the port),
//! `rollingUpdate` (the strategy's type), a Job's `completions` and `parallelism`, requests from limits, and their like.
//!
//! A default applies where its parent is: a pointer to a struct that is absent stays absent.

mod rules;

use crate::facts::{Field, FieldType, Type, types};
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::sync::OnceLock;

/// What to do at a struct.
#[derive(Default)]
struct Plan {
    /// Fields to set when unset.
    own: Vec<(&'static Field, Value)>,
    /// Fields of a child struct to set when unset, only below this parent.
    nested: Vec<(&'static str, &'static Field, Value)>,
    /// Fields whose structs, or whose elements' structs, have plans further down.
    below: Vec<&'static Field>,
}

/// By the address of the type, which is its identity: all types are statics.
type Plans = HashMap<usize, Plan>;

fn address(ty: &Type) -> usize {
    std::ptr::from_ref(ty).addr()
}

fn plans() -> &'static Plans {
    static PLANS: OnceLock<Plans> = OnceLock::new();
    PLANS.get_or_init(build)
}

fn build() -> Plans {
    let mut plans = Plans::new();
    for ty in types() {
        let mut plan = Plan::default();
        for field in ty.fields {
            if let Some(value) = field.default.and_then(|d| serde_json::from_str(d).ok()) {
                plan.own.push((field, value));
            }
        }
        for (path, json) in rules::of(ty.name) {
            let Ok(value) = serde_json::from_str(json) else {
                continue;
            };
            match path.split_once('.') {
                None => plan.own.extend(ty.field(path).map(|f| (f, value))),
                Some((parent, child)) => {
                    let field = ty
                        .field(parent)
                        .and_then(|f| f.ty.message())
                        .and_then(|t| t.field(child));
                    plan.nested.extend(field.map(|f| (parent, f, value)));
                }
            }
        }
        if !plan.own.is_empty() || !plan.nested.is_empty() {
            plans.insert(address(ty), plan);
        }
    }
    // Which fields lead to a plan: repeated until nothing is added, as types refer to each other in any order.
    loop {
        let mut found = Vec::new();
        for ty in types() {
            let known = plans.get(&address(ty));
            for field in ty.fields {
                let leads = structs_of(&field.ty).is_some_and(|t| plans.contains_key(&address(t)));
                let listed = known.is_some_and(|p| p.below.iter().any(|f| std::ptr::eq(*f, field)));
                if leads && !listed {
                    found.push((address(ty), field));
                }
            }
        }
        if found.is_empty() {
            return plans;
        }
        for (ty, field) in found {
            plans.entry(ty).or_default().below.push(field);
        }
    }
}

/// The struct that a value, or its elements, are.
fn structs_of(ty: &FieldType) -> Option<&'static Type> {
    match ty {
        FieldType::Message(ty) => Some(ty),
        FieldType::List(element) | FieldType::Map(element) => structs_of(element),
        // Schemas have no defaults of their own.
        _ => None,
    }
}

/// Fills in the defaults of an object of this type, all the way down. Idempotent.
pub fn apply(value: &mut Value, ty: &'static Type) {
    if let Value::Object(map) = value {
        fill(map, ty, plans());
    }
}

fn fill(map: &mut Map<String, Value>, ty: &Type, plans: &Plans) {
    let Some(plan) = plans.get(&address(ty)) else {
        return;
    };
    for (field, default) in &plan.own {
        set(map, field, default);
    }
    for (parent, field, default) in &plan.nested {
        if let Some(Value::Object(child)) = map.get_mut(*parent) {
            set(child, field, default);
        }
    }
    for field in &plan.below {
        if let Some(value) = map.get_mut(field.json) {
            descend(value, &field.ty, plans);
        }
    }
}

fn descend(value: &mut Value, ty: &FieldType, plans: &Plans) {
    match (ty, value) {
        (FieldType::Message(ty), Value::Object(map)) => fill(map, ty, plans),
        (FieldType::List(element), Value::Array(list)) => {
            for value in list {
                descend(value, element, plans);
            }
        }
        (FieldType::Map(element), Value::Object(map)) => {
            for value in map.values_mut() {
                descend(value, element, plans);
            }
        }
        _ => {}
    }
}

fn set(map: &mut Map<String, Value>, field: &Field, default: &Value) {
    let unset = match map.get(field.json) {
        None | Some(Value::Null) => true,
        Some(_) if field.pointer => false,
        Some(Value::String(text)) => text.is_empty(),
        Some(Value::Number(number)) => number.as_f64() == Some(0.0),
        Some(Value::Array(list)) => list.is_empty(),
        Some(_) => false,
    };
    if unset {
        map.insert(field.json.to_owned(), default.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::type_named;
    use serde_json::json;

    fn defaulted(name: &str, mut value: Value) -> Value {
        let ty = type_named(name).unwrap();
        apply(&mut value, ty);
        let once = value.clone();
        apply(&mut value, ty);
        assert_eq!(value, once, "not idempotent");
        value
    }

    #[test]
    fn pods() {
        let pod = defaulted(
            "io.k8s.api.core.v1.Pod",
            json!({"spec": {
                "containers": [{"name": "c", "ports": [{"containerPort": 80}], "livenessProbe": {"httpGet": {"port": 80}}}],
                "volumes": [{"name": "v", "configMap": {"name": "m"}}],
                "terminationGracePeriodSeconds": 0
            }}),
        );
        assert_eq!(
            pod["spec"],
            json!({
                "containers": [{
                    "name": "c", "ports": [{"containerPort": 80, "protocol": "TCP"}],
                    "livenessProbe": {
                        "httpGet": {"port": 80, "path": "/", "scheme": "HTTP"},
                        "timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3
                    },
                    "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File"
                }],
                "volumes": [{"name": "v", "configMap": {"name": "m", "defaultMode": 420}}],
                "dnsPolicy": "ClusterFirst", "restartPolicy": "Always", "schedulerName": "default-scheduler",
                "securityContext": {}, "enableServiceLinks": true, "terminationGracePeriodSeconds": 0
            })
        );
    }

    #[test]
    fn templates_have_no_service_links() {
        let set = defaulted(
            "io.k8s.api.apps.v1.ReplicaSet",
            json!({"spec": {"template": {"spec": {"containers": []}}}}),
        );
        assert_eq!(set["spec"]["replicas"], 1);
        assert_eq!(
            set["spec"]["template"]["spec"].get("enableServiceLinks"),
            None
        );
        assert_eq!(set["spec"]["template"]["spec"]["restartPolicy"], "Always");
    }

    #[test]
    fn a_default_struct_gets_its_own_defaults() {
        let set = defaulted(
            "io.k8s.api.apps.v1.StatefulSet",
            json!({"spec": {"updateStrategy": {}}}),
        );
        assert_eq!(
            set["spec"]["persistentVolumeClaimRetentionPolicy"],
            json!({"whenDeleted": "Retain", "whenScaled": "Retain"})
        );
        assert_eq!(set["spec"]["updateStrategy"]["type"], "RollingUpdate");
    }

    #[test]
    fn absent_structs_stay_absent() {
        assert_eq!(defaulted("io.k8s.api.core.v1.Pod", json!({})), json!({}));
    }

    #[test]
    fn every_rule_names_a_field() {
        for (name, fields) in rules::RULES {
            let ty = type_named(name).unwrap_or_else(|| panic!("{name} is no type"));
            for (path, json) in *fields {
                let mut at = ty;
                let mut names = path.split('.').peekable();
                while let Some(part) = names.next() {
                    let field = at
                        .field(part)
                        .unwrap_or_else(|| panic!("{name}.{path} is no field"));
                    if names.peek().is_some() {
                        at = field.ty.message().unwrap();
                    }
                }
                serde_json::from_str::<Value>(json)
                    .unwrap_or_else(|_| panic!("{name}.{path}: {json} is no JSON"));
            }
        }
        assert!(rules::RULES.is_sorted_by_key(|r| r.0));
    }
}
