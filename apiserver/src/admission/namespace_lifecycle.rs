//! NamespaceLifecycle: objects are made only in namespaces that exist and are not going away, and three namespaces stay.

use hydrofoil_api::status::{ApiError, Cause, Details, GroupResource};

use super::{Lookup, Request, Verb};
use crate::kinds::value::text_at;

/// Namespaces that cannot be deleted.
const IMMORTAL: [&str; 3] = ["default", "kube-system", "kube-public"];

pub(super) fn admit(request: &mut Request<'_>, lookup: &dyn Lookup) -> Result<(), ApiError> {
    if request.group.is_empty() && request.resource == "namespaces" {
        if request.verb == Verb::Delete
            && request.subresource.is_empty()
            && IMMORTAL.contains(&request.name)
        {
            return Err(request.forbidden("this namespace may not be deleted"));
        }
        return Ok(());
    }
    if request.namespace.is_empty() || request.verb == Verb::Delete || is_access_review(request) {
        return Ok(());
    }
    let Some(namespace) = lookup.get("", "namespaces", "", request.namespace) else {
        return Err(ApiError::not_found(
            GroupResource::new("", "namespaces"),
            request.namespace,
        ));
    };
    if request.verb != Verb::Create || text_at(&namespace, &["status", "phase"]) != "Terminating" {
        return Ok(());
    }
    let name = request.namespace;
    let refusal = request.forbidden(format!(
        "unable to create new content in namespace {name} because it is being terminated"
    ));
    let mut details: Details = refusal.status().details.clone().unwrap_or_default();
    details.causes.push(Cause {
        reason: "NamespaceTerminating".to_owned(),
        message: format!("namespace {name} is being terminated"),
        field: "metadata.namespace".to_owned(),
    });
    Err(refusal.with_details(details))
}

fn is_access_review(request: &Request<'_>) -> bool {
    request.group == "authorization.k8s.io" && request.resource == "localsubjectaccessreviews"
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Objects, pod_create};
    use super::*;
    use serde_json::json;

    #[test]
    fn a_namespace_must_exist() {
        let mut pod = json!({"metadata": {"name": "p"}});
        let error = admit(&mut pod_create(&mut pod), &Objects::default()).unwrap_err();
        assert_eq!(
            (error.code(), error.message()),
            (404, "namespaces \"default\" not found")
        );
    }

    #[test]
    fn a_terminating_namespace_takes_nothing_new() {
        let objects = Objects::default().with(
            "/namespaces//default",
            json!({"status": {"phase": "Terminating"}}),
        );
        let mut pod = json!({"metadata": {"name": "p"}});
        let mut request = pod_create(&mut pod);
        let error = admit(&mut request, &objects).unwrap_err();
        assert_eq!(error.code(), 403);
        assert_eq!(
            error.message(),
            "pods \"p\" is forbidden: unable to create new content in namespace default because it is being terminated"
        );
        let causes = &error.status().details.as_ref().unwrap().causes;
        assert_eq!(causes[0].reason, "NamespaceTerminating");
        request.verb = Verb::Update;
        admit(&mut request, &objects).unwrap();
        request.verb = Verb::Delete;
        admit(&mut request, &Objects::default()).unwrap();
    }

    #[test]
    fn some_namespaces_stay() {
        for (name, stays) in [
            ("default", true),
            ("kube-system", true),
            ("kube-public", true),
            ("kube-node-lease", false),
        ] {
            let mut request = Request {
                verb: Verb::Delete,
                group: "",
                resource: "namespaces",
                subresource: "",
                namespace: name,
                name,
                user: "",
                object: None,
                old: None,
                dry_run: false,
            };
            let result = admit(&mut request, &Objects::default());
            assert_eq!(result.is_err(), stays, "{name}");
            if let Err(error) = result {
                assert_eq!(
                    error.message(),
                    format!(
                        "namespaces \"{name}\" is forbidden: this namespace may not be deleted"
                    )
                );
            }
        }
    }
}
