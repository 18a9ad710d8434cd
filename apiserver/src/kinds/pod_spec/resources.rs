//! Resource requests and limits: names, amounts, and how the two relate.

use hydrofoil_api::field::{FieldError, Path};
use hydrofoil_api::names;
use hydrofoil_api::quantity::Quantity;
use serde_json::Value;

use super::super::Errors;
use super::super::checks::{NEGATIVE, all_invalid, dns_label};
use super::super::value::{entries, get, is_set, items, text};

/// The sentence for an amount of a resource that comes in whole pieces.
const NOT_WHOLE: &str = "must be an integer";
/// Resources without a domain that containers may ask for.
const STANDARD: [&str; 3] = ["cpu", "memory", "ephemeral-storage"];
/// Resources without a domain that quotas count but no container can ask for.
const COUNTED: [&str; 10] = [
    "configmaps",
    "persistentvolumeclaims",
    "pods",
    "replicationcontrollers",
    "resourcequotas",
    "secrets",
    "services",
    "services.loadbalancers",
    "services.nodeports",
    "storage",
];
/// How resources of huge pages are named.
const HUGE_PAGES: &str = "hugepages-";

/// A quantity in an object; what cannot be read counts as zero, since the decoder has refused it already.
pub(crate) fn quantity(value: &Value) -> Quantity {
    value
        .as_str()
        .and_then(|text| Quantity::parse(text).ok())
        .unwrap_or_default()
}

/// Whether a resource belongs to Kubernetes itself: no domain, or one of kubernetes.io.
fn is_native(name: &str) -> bool {
    name.split_once('/')
        .is_none_or(|(domain, _)| domain.contains("kubernetes.io"))
}

fn is_huge_pages(name: &str) -> bool {
    name.starts_with(HUGE_PAGES)
}

/// Whether limits may be higher than requests.
fn may_overcommit(name: &str) -> bool {
    is_native(name) && !is_huge_pages(name)
}

/// Whether the resource is one that comes from a device plugin or an administrator.
pub(crate) fn is_extended(name: &str) -> bool {
    !is_native(name)
        && !name.starts_with("requests.")
        && names::is_qualified_name(&format!("requests.{name}")).is_empty()
}

/// Checks `resources` of a container.
pub(crate) fn container(errors: &mut Errors, resources: &Value, claims: &[Value], path: &Path) {
    requirements(errors, resources, claims, false, path);
}

/// Checks `spec.resources`, the pod's own.
pub(crate) fn pod(errors: &mut Errors, spec: &Value, path: &Path) {
    let resources = get(spec, "resources");
    if resources.is_null() {
        return;
    }
    let path = path.child("resources");
    if is_set(resources, "claims") {
        errors.push(FieldError::forbidden(
            &path.child("claims"),
            "claims cannot be set for Resources at pod-level",
        ));
    }
    requirements(
        errors,
        resources,
        items(spec, "resourceClaims"),
        true,
        &path,
    );
    for (name, total) in aggregate_requests(spec) {
        let asked = quantity(get(get(resources, "requests"), &name));
        if total > asked {
            errors.push(FieldError::invalid(
                &path.child("requests").key(name),
                asked.to_string(),
                format!("must be greater than or equal to aggregate container requests of {total}"),
            ));
        }
    }
    for (index, container) in items(spec, "containers").iter().enumerate() {
        for (name, limit) in entries(get(container, "resources"), "limits") {
            let of_pod = get(get(resources, "limits"), name);
            let (limit, bound) = (quantity(limit), quantity(of_pod));
            if !of_pod.is_null() && limit > bound {
                errors.push(FieldError::invalid(
                    &path
                        .child("containers")
                        .index(index)
                        .key(name)
                        .child("limits"),
                    limit.to_string(),
                    format!("must be less than or equal to pod limits of {bound}"),
                ));
            }
        }
    }
}

/// What the containers of a pod ask for together: the sum of those that run at once, or the largest of those that run
/// before them, whichever is more.
pub(crate) fn aggregate_requests(spec: &Value) -> Vec<(String, Quantity)> {
    let mut running: Vec<(String, Quantity)> = Vec::new();
    let mut starting: Vec<(String, Quantity)> = Vec::new();
    let mut sidecars: Vec<(String, Quantity)> = Vec::new();
    for container in items(spec, "containers") {
        for (name, asked) in entries(get(container, "resources"), "requests") {
            add(&mut running, name, quantity(asked));
        }
    }
    for container in items(spec, "initContainers") {
        let sidecar = text(container, "restartPolicy") == "Always";
        for (name, asked) in entries(get(container, "resources"), "requests") {
            let asked = quantity(asked);
            if sidecar {
                add(&mut running, name, asked);
                add(&mut sidecars, name, asked);
                raise(&mut starting, name, amount(&sidecars, name));
            } else {
                raise(&mut starting, name, amount(&sidecars, name) + asked);
            }
        }
    }
    for (name, asked) in starting {
        raise(&mut running, &name, asked);
    }
    running
}

fn amount(list: &[(String, Quantity)], name: &str) -> Quantity {
    list.iter()
        .find(|(known, _)| known == name)
        .map_or(Quantity::ZERO, |(_, asked)| *asked)
}

fn add(list: &mut Vec<(String, Quantity)>, name: &str, asked: Quantity) {
    match list.iter_mut().find(|(known, _)| known == name) {
        Some((_, total)) => *total = *total + asked,
        None => list.push((name.to_owned(), asked)),
    }
}

fn raise(list: &mut Vec<(String, Quantity)>, name: &str, asked: Quantity) {
    match list.iter_mut().find(|(known, _)| known == name) {
        Some((_, largest)) => *largest = (*largest).max(asked),
        None => list.push((name.to_owned(), asked)),
    }
}

/// A list of amounts that is no request or limit: overhead, capacity.
pub(crate) fn amounts(errors: &mut Errors, owner: &Value, key: &'static str, path: &Path) {
    for (name, value) in entries(owner, key) {
        let path = path.child(key).key(name);
        resource_name(errors, name, false, &path);
        amount_is_valid(errors, name, quantity(value), &path);
    }
}

fn requirements(
    errors: &mut Errors,
    resources: &Value,
    claims: &[Value],
    of_pod: bool,
    path: &Path,
) {
    let (limits, requests) = (get(resources, "limits"), get(resources, "requests"));
    let mut has_compute = false;
    let mut has_huge_pages = false;
    for (key, list) in [("limits", limits), ("requests", requests)] {
        for (name, value) in list.as_object().into_iter().flatten() {
            let value = quantity(value);
            let at = || path.child(key).key(name.as_str());
            resource_name(errors, name, of_pod, &at());
            amount_is_valid(errors, name, value, &at());
            if key == "requests" {
                request_fits(errors, name, value, limits, path);
            }
            if is_huge_pages(name) {
                has_huge_pages = true;
                whole_pages(errors, name, value, &at());
            }
            has_compute |= name == "cpu" || name == "memory";
        }
    }
    if has_huge_pages && !has_compute {
        errors.push(FieldError::forbidden(
            path,
            "HugePages require cpu or memory",
        ));
    }
    claim_names(
        errors,
        items(resources, "claims"),
        claims,
        &path.child("claims"),
    );
}

fn request_fits(errors: &mut Errors, name: &str, asked: Quantity, limits: &Value, path: &Path) {
    let limit = get(limits, name);
    if limit.is_null() {
        if !may_overcommit(name) {
            let at = path.child("limits");
            errors.push(FieldError::required(
                &at,
                "Limit must be set for non overcommitable resources",
            ));
        }
        return;
    }
    let limit = quantity(limit);
    let words = if asked != limit && !may_overcommit(name) {
        "must be equal to"
    } else if asked > limit {
        "must be less than or equal to"
    } else {
        return;
    };
    errors.push(FieldError::invalid(
        &path.child("requests"),
        asked.to_string(),
        format!("{words} {name} limit of {limit}"),
    ));
}

fn resource_name(errors: &mut Errors, name: &str, of_pod: bool, path: &Path) {
    if STANDARD.contains(&name) && !(of_pod && name == "ephemeral-storage") {
        return;
    }
    let wrong = names::is_qualified_name(name);
    if !wrong.is_empty() {
        all_invalid(errors, path, name, wrong);
    } else if of_pod {
        if name != "cpu" && name != "memory" && !is_huge_pages(name) {
            errors.push(FieldError::not_supported(
                path,
                name,
                &["cpu", "hugepages-", "memory"],
            ));
        }
    } else if !name.contains('/') {
        if !is_huge_pages(name) {
            if !COUNTED.contains(&name) {
                errors.push(FieldError::invalid(
                    path,
                    name,
                    "must be a standard resource type or fully qualified",
                ));
            }
            errors.push(FieldError::invalid(
                path,
                name,
                "must be a standard resource for containers",
            ));
        }
    } else if !is_native(name) && !is_extended(name) {
        errors.push(FieldError::invalid(
            path,
            name,
            "doesn't follow extended resource name standard",
        ));
    }
}

/// An amount must not be negative, and whole where the resource comes in pieces.
pub(crate) fn amount_is_valid(errors: &mut Errors, name: &str, value: Quantity, path: &Path) {
    if value.signum() < 0 {
        errors.push(FieldError::invalid(path, value.to_string(), NEGATIVE));
    }
    let in_pieces = is_extended(name) || name == "pods";
    if in_pieces && value.milli() % 1000 != 0 {
        errors.push(FieldError::invalid(path, value.to_string(), NOT_WHOLE));
    }
}

fn whole_pages(errors: &mut Errors, name: &str, value: Quantity, path: &Path) {
    let page = name
        .strip_prefix(HUGE_PAGES)
        .and_then(|size| Quantity::parse(size).ok())
        .unwrap_or_default();
    let divides = page.signum() > 0 && value.value() % page.value() == 0;
    if !divides {
        errors.push(FieldError::invalid(
            path,
            value.to_string(),
            format!("{value} is not positive integer multiple of {name}"),
        ));
    }
}

fn claim_names(errors: &mut Errors, used: &[Value], declared: &[Value], path: &Path) {
    for (index, claim) in used.iter().enumerate() {
        let path = path.index(index);
        let (name, request) = (text(claim, "name"), text(claim, "request"));
        if name.is_empty() {
            errors.push(FieldError::required(&path, ""));
            continue;
        }
        if !request.is_empty() {
            dns_label(errors, request, &path.child("request"));
        }
        let clash = used[..index].iter().any(|earlier| {
            text(earlier, "name") == name
                && (request.is_empty()
                    || text(earlier, "request").is_empty()
                    || text(earlier, "request") == request)
        });
        if clash {
            errors.push(FieldError::duplicate(&path, name));
        }
        if !declared.iter().any(|known| text(known, "name") == name) {
            let mut error = FieldError::not_found(&path, name);
            error.detail = "must be one of the names in pod.spec.resourceClaims".to_owned();
            if declared.is_empty() {
                error.detail.push_str(" which is empty");
            } else {
                let mut known: Vec<&str> =
                    declared.iter().map(|known| text(known, "name")).collect();
                known.sort_unstable();
                error.detail.push_str(&format!(": {}", known.join(", ")));
            }
            errors.push(error);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn found(resources: Value) -> Vec<String> {
        let mut errors = Errors::new();
        container(&mut errors, &resources, &[], &Path::new("r"));
        errors.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn good_resources_pass() {
        assert!(
            found(
                json!({"limits": {"cpu": "1", "memory": "64Mi", "example.com/gpu": "2"},
                             "requests": {"cpu": "500m", "memory": "64Mi", "example.com/gpu": "2"}})
            )
            .is_empty()
        );
        assert!(found(json!({})).is_empty());
    }

    #[test]
    fn bad_resources_say_why() {
        let cases = [
            (
                json!({"limits": {"cpu": "1"}, "requests": {"cpu": "2"}}),
                "r.requests: Invalid value: \"2\": must be less than or equal to cpu limit of 1",
            ),
            (
                json!({"limits": {"cpu": "-1"}}),
                "r.limits[cpu]: Invalid value: \"-1\": must be greater than or equal to 0",
            ),
            (
                json!({"limits": {"pods": "1"}}),
                "r.limits[pods]: Invalid value: \"pods\": must be a standard resource for containers",
            ),
            (
                json!({"requests": {"example.com/gpu": "1"}}),
                "r.limits: Required value: Limit must be set for non overcommitable resources",
            ),
            (
                json!({"limits": {"hugepages-2Mi": "2Mi"}}),
                "r: Forbidden: HugePages require cpu or memory",
            ),
            (
                json!({"claims": [{"name": "x"}]}),
                "r.claims[0]: Not found: \"x\": must be one of the names in pod.spec.resourceClaims which is empty",
            ),
        ];
        for (resources, expected) in cases {
            assert_eq!(found(resources.clone()), [expected], "{resources}");
        }
        assert_eq!(
            found(json!({"limits": {"example.com/gpu": "500m"}})),
            ["r.limits[example.com/gpu]: Invalid value: \"500m\": must be an integer"]
        );
    }

    #[test]
    fn a_pods_request_is_what_runs_at_once_or_before() {
        let spec = json!({
            "containers": [{"resources": {"requests": {"cpu": "1"}}}, {"resources": {"requests": {"cpu": "2"}}}],
            "initContainers": [
                {"restartPolicy": "Always", "resources": {"requests": {"cpu": "1"}}},
                {"resources": {"requests": {"cpu": "5"}}},
            ],
        });
        assert_eq!(
            aggregate_requests(&spec),
            [("cpu".to_owned(), Quantity::from_value(6))]
        );
    }
}
