//! Which Go packages make up the served API, and where they lie in the module cache.

use crate::gosource::{self, Package};
use anyhow::{Context, Result, bail};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The release whose facts are told.
pub const VERSION: &str = "v0.36.2";

/// A package that the tables cover.
pub struct Source {
    /// Go's import path below `k8s.io/`.
    pub path: &'static str,
    /// The API group; empty for core.
    pub group: &'static str,
    /// The prefix of its types' OpenAPI names.
    pub openapi: &'static str,
}

const fn source(path: &'static str, group: &'static str, openapi: &'static str) -> Source {
    Source {
        path,
        group,
        openapi,
    }
}

/// The group versions served by default (`stableAPIGroupVersionsEnabledByDefault` in `pkg/controlplane/instance.go`, and the
/// two groups of the apiextensions and aggregator servers), and what their types are made of.
pub const SOURCES: &[Source] = &[
    source(
        "api/admission/v1",
        "admission.k8s.io",
        "io.k8s.api.admission.v1",
    ),
    source(
        "api/admissionregistration/v1",
        "admissionregistration.k8s.io",
        "io.k8s.api.admissionregistration.v1",
    ),
    source("api/apps/v1", "apps", "io.k8s.api.apps.v1"),
    source(
        "api/authentication/v1",
        "authentication.k8s.io",
        "io.k8s.api.authentication.v1",
    ),
    source(
        "api/authorization/v1",
        "authorization.k8s.io",
        "io.k8s.api.authorization.v1",
    ),
    source(
        "api/autoscaling/v1",
        "autoscaling",
        "io.k8s.api.autoscaling.v1",
    ),
    source(
        "api/autoscaling/v2",
        "autoscaling",
        "io.k8s.api.autoscaling.v2",
    ),
    source("api/batch/v1", "batch", "io.k8s.api.batch.v1"),
    source(
        "api/certificates/v1",
        "certificates.k8s.io",
        "io.k8s.api.certificates.v1",
    ),
    source(
        "api/coordination/v1",
        "coordination.k8s.io",
        "io.k8s.api.coordination.v1",
    ),
    source("api/core/v1", "", "io.k8s.api.core.v1"),
    source(
        "api/discovery/v1",
        "discovery.k8s.io",
        "io.k8s.api.discovery.v1",
    ),
    source("api/events/v1", "events.k8s.io", "io.k8s.api.events.v1"),
    source(
        "api/flowcontrol/v1",
        "flowcontrol.apiserver.k8s.io",
        "io.k8s.api.flowcontrol.v1",
    ),
    source(
        "api/networking/v1",
        "networking.k8s.io",
        "io.k8s.api.networking.v1",
    ),
    source("api/node/v1", "node.k8s.io", "io.k8s.api.node.v1"),
    source("api/policy/v1", "policy", "io.k8s.api.policy.v1"),
    source(
        "api/rbac/v1",
        "rbac.authorization.k8s.io",
        "io.k8s.api.rbac.v1",
    ),
    source(
        "api/resource/v1",
        "resource.k8s.io",
        "io.k8s.api.resource.v1",
    ),
    source(
        "api/scheduling/v1",
        "scheduling.k8s.io",
        "io.k8s.api.scheduling.v1",
    ),
    source("api/storage/v1", "storage.k8s.io", "io.k8s.api.storage.v1"),
    source(
        "apimachinery/pkg/apis/meta/v1",
        "",
        "io.k8s.apimachinery.pkg.apis.meta.v1",
    ),
    source(
        "apiextensions-apiserver/pkg/apis/apiextensions/v1",
        "apiextensions.k8s.io",
        "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1",
    ),
    source(
        "kube-aggregator/pkg/apis/apiregistration/v1",
        "apiregistration.k8s.io",
        "io.k8s.kube-aggregator.pkg.apis.apiregistration.v1",
    ),
];

/// The folder of a package: `<modules>/api@v0.36.2/core/v1` for `api/core/v1`.
pub fn folder(modules: &Path, path: &str) -> Result<PathBuf> {
    let (module, rest) = path
        .split_once('/')
        .with_context(|| format!("{path} is no package path"))?;
    for name in [format!("{module}@{VERSION}"), module.to_owned()] {
        let candidate = modules.join(name);
        if candidate.is_dir() {
            return Ok(candidate.join(rest));
        }
    }
    bail!(
        "{} has no {module}@{VERSION}: go mod download k8s.io/{module}@{VERSION}",
        modules.display()
    )
}

/// Reads every package of [`SOURCES`], by import path below `k8s.io/`.
pub fn read(modules: &Path) -> Result<BTreeMap<&'static str, Package>> {
    let mut packages = BTreeMap::new();
    for source in SOURCES {
        let folder = folder(modules, source.path)?;
        let package =
            gosource::read(&folder).with_context(|| format!("reading {}", folder.display()))?;
        packages.insert(source.path, package);
    }
    Ok(packages)
}
