//! What `kubectl` asks a cluster about itself: resources, versions, explanations, health.

use anyhow::ensure;
use hydrofoil_tests::kubectl::has;
use hydrofoil_tests::{Cluster, raw};

#[test]
fn api_resources_and_versions() -> anyhow::Result<()> {
    let kubectl = Cluster::shared()?.kubectl("discovery")?;
    kubectl.shows(
        &["api-resources"],
        &[
            "NAME SHORTNAMES APIVERSION NAMESPACED KIND",
            "configmaps cm v1 true ConfigMap",
            "endpoints ep v1 true Endpoints",
            "events ev v1 true Event",
            "namespaces ns v1 false Namespace",
            "nodes no v1 false Node",
            "pods po v1 true Pod",
            "secrets v1 true Secret",
            "serviceaccounts sa v1 true ServiceAccount",
            "services svc v1 true Service",
            "deployments deploy apps/v1 true Deployment",
            "replicasets rs apps/v1 true ReplicaSet",
            "jobs batch/v1 true Job",
            "leases coordination.k8s.io/v1 true Lease",
            "endpointslices discovery.k8s.io/v1 true EndpointSlice",
            "runtimeclasses node.k8s.io/v1 false RuntimeClass",
        ],
    )?;
    kubectl.shows(
        &["api-resources", "-o", "wide", "--api-group=apps"],
        &["create,delete,deletecollection,get,list,patch,update,watch"],
    )?;
    let names = kubectl.run(&["api-resources", "--namespaced=false", "-o", "name"])?;
    ensure!(
        names.contains("nodes\n") && !names.contains("pods\n"),
        "{names}"
    );
    kubectl.shows(
        &[
            "api-resources",
            "--verbs=list",
            "--categories=all",
            "-o",
            "name",
        ],
        &["pods", "deployments.apps", "jobs.batch"],
    )?;
    kubectl.shows(
        &["api-versions"],
        &[
            "apps/v1",
            "batch/v1",
            "coordination.k8s.io/v1",
            "discovery.k8s.io/v1",
            "events.k8s.io/v1",
            "node.k8s.io/v1",
            "v1",
        ],
    )?;
    Ok(())
}

#[test]
fn explain() -> anyhow::Result<()> {
    let kubectl = Cluster::shared()?.kubectl("discovery")?;
    kubectl.shows(
        &["explain", "pods"],
        &[
            "KIND: Pod",
            "VERSION: v1",
            "DESCRIPTION:",
            "FIELDS:",
            "spec <PodSpec>",
            "metadata <ObjectMeta>",
        ],
    )?;
    kubectl.shows(
        &["explain", "deployment.spec.strategy", "--recursive"],
        &[
            "GROUP: apps",
            "FIELD: strategy <DeploymentStrategy>",
            "rollingUpdate <RollingUpdateDeployment>",
            "maxSurge <IntOrString>",
            "type <string>",
            "enum: Recreate, RollingUpdate",
        ],
    )?;
    kubectl.shows(
        &["explain", "pod", "--recursive"],
        &[
            "containers <[]Container> -required-",
            "livenessProbe <Probe>",
        ],
    )?;
    for kind in [
        "services",
        "endpointslices",
        "jobs",
        "leases",
        "runtimeclasses",
        "nodes",
        "events",
        "secrets",
    ] {
        kubectl.shows(
            &["explain", kind, "--recursive"],
            &["KIND:", "FIELDS:", "apiVersion <string>"],
        )?;
    }
    has(
        "explain",
        &kubectl.fails(&["explain", "pod.nothing"])?,
        &["field \"nothing\" does not exist"],
    )
}

#[test]
fn cluster_info_and_version() -> anyhow::Result<()> {
    let cluster = Cluster::shared()?;
    let kubectl = cluster.kubectl("discovery")?;
    let info = kubectl.run(&["cluster-info"])?;
    ensure!(
        info.contains(&format!("https://{}", cluster.addresses().apiserver)),
        "{info}"
    );
    kubectl.shows(
        &["version"],
        &["Client Version: v1.36.", "Server Version: v1.36."],
    )?;
    let version: serde_json::Value =
        serde_json::from_str(&kubectl.run(&["version", "-o", "json"])?)?;
    ensure!(
        version["serverVersion"]["major"] == "1" && version["serverVersion"]["minor"] == "36",
        "{version}"
    );
    Ok(())
}

#[test]
fn raw_paths() -> anyhow::Result<()> {
    let cluster = Cluster::shared()?;
    let kubectl = cluster.kubectl("discovery")?;
    kubectl.shows(
        &["get", "--raw", "/readyz?verbose"],
        &["[+]ping ok", "readyz check passed"],
    )?;
    kubectl.shows(
        &["get", "--raw", "/livez?verbose"],
        &["[+]ping ok", "livez check passed"],
    )?;
    ensure!(kubectl.run(&["get", "--raw", "/healthz"])? == "ok");
    kubectl.shows(
        &["get", "--raw", "/metrics"],
        &["apiserver_request_total{verb=\"GET\""],
    )?;
    let version: serde_json::Value =
        serde_json::from_str(&kubectl.run(&["get", "--raw", "/version"])?)?;
    ensure!(
        version["gitVersion"]
            .as_str()
            .is_some_and(|text| text.starts_with("v1.36.")),
        "{version}"
    );
    kubectl.shows(
        &["get", "--raw", "/openapi/v3"],
        &["api/v1", "apis/apps/v1"],
    )?;
    kubectl.shows(
        &["get", "--raw", "/openapi/v2"],
        &["io.k8s.api.core.v1.PodSpec"],
    )?;
    let list: serde_json::Value = serde_json::from_str(&kubectl.run(&["get", "--raw", "/apis"])?)?;
    ensure!(list["kind"] == "APIGroupList", "{list}");
    let pods: serde_json::Value =
        serde_json::from_str(&kubectl.run(&["get", "--raw", "/api/v1/pods?limit=1"])?)?;
    ensure!(pods["kind"] == "PodList" && pods["apiVersion"] == "v1");
    has(
        "an unknown path",
        &kubectl.fails(&["get", "--raw", "/nothing"])?,
        &["Error from server (NotFound): the server could not find the requested resource"],
    )?;
    let proxy = raw::http(&format!(
        "http://{}/healthz",
        cluster.addresses().proxy_healthz
    ))?;
    ensure!(proxy.status == 200, "{proxy:?}");
    let registry = raw::http(&format!("http://{}/v2/", cluster.addresses().registry))?;
    ensure!(registry.status == 200, "{registry:?}");
    Ok(())
}

#[test]
fn who_am_i_and_what_may_i_do() -> anyhow::Result<()> {
    let cluster = Cluster::shared()?;
    let raw = raw::Raw::new(cluster, "anonymous")?;
    ensure!(raw.anonymous("/livez")?.status == 200);
    let refused = raw.anonymous("/api/v1/pods")?;
    let status = refused.json()?;
    ensure!(
        (refused.status == 401 && status["reason"] == "Unauthorized")
            || (refused.status == 403
                && status["message"]
                    == "pods is forbidden: User \"system:anonymous\" cannot list resource \"pods\" in API group \"\" at the cluster scope"),
        "{refused:?}"
    );
    Ok(())
}
