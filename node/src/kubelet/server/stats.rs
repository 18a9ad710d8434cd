//! `/stats/summary` and `/runningpods/`: what the runtime measures, in the kubelet's form (`k8s.io/kubelet/pkg/apis/stats/v1alpha1`).

use std::collections::HashMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use hydrofoil_cri::v1 as wire;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::Answers;
use crate::clock;
use crate::kubelet::cri::{CALL_TIMEOUT, call, go_error};
use crate::kubelet::{host, labels};

pub(super) fn failed(status: &tonic::Status) -> Response {
    (
        StatusCode::INTERNAL_SERVER_ERROR,
        format!("{}\n", go_error(status)),
    )
        .into_response()
}

fn time(nanos: i64) -> Value {
    Timestamp::from_nanosecond(i128::from(nanos))
        .map_or(Value::Null, |time| json!(time.to_string()))
}

fn put(map: &mut Map<String, Value>, key: &str, value: Option<wire::UInt64Value>) {
    if let Some(value) = value {
        map.insert(key.to_owned(), json!(value.value));
    }
}

fn cpu(usage: Option<&wire::CpuUsage>) -> Value {
    let Some(usage) = usage else {
        return Value::Null;
    };
    let mut map = Map::from_iter([("time".to_owned(), time(usage.timestamp))]);
    put(&mut map, "usageNanoCores", usage.usage_nano_cores);
    put(
        &mut map,
        "usageCoreNanoSeconds",
        usage.usage_core_nano_seconds,
    );
    Value::Object(map)
}

fn memory(usage: Option<&wire::MemoryUsage>) -> Value {
    let Some(usage) = usage else {
        return Value::Null;
    };
    let mut map = Map::from_iter([("time".to_owned(), time(usage.timestamp))]);
    put(&mut map, "availableBytes", usage.available_bytes);
    put(&mut map, "usageBytes", usage.usage_bytes);
    put(&mut map, "workingSetBytes", usage.working_set_bytes);
    put(&mut map, "rssBytes", usage.rss_bytes);
    put(&mut map, "pageFaults", usage.page_faults);
    put(&mut map, "majorPageFaults", usage.major_page_faults);
    Value::Object(map)
}

fn container(stats: &wire::ContainerStats) -> Value {
    let name = stats
        .attributes
        .as_ref()
        .and_then(|attributes| attributes.metadata.as_ref())
        .map(|meta| meta.name.clone());
    json!({"name": name, "cpu": cpu(stats.cpu.as_ref()), "memory": memory(stats.memory.as_ref())})
}

/// A pod's traffic; nothing for one that shares the node's network.
fn network(usage: &wire::NetworkUsage) -> Option<Value> {
    let interface = |usage: &wire::NetworkInterfaceUsage| {
        let mut map = Map::new();
        map.insert("name".to_owned(), json!(usage.name));
        put(&mut map, "rxBytes", usage.rx_bytes);
        put(&mut map, "rxErrors", usage.rx_errors);
        put(&mut map, "txBytes", usage.tx_bytes);
        put(&mut map, "txErrors", usage.tx_errors);
        map
    };
    let mut map = interface(usage.default_interface.as_ref()?);
    map.insert("time".to_owned(), time(usage.timestamp));
    let all: Vec<Map<String, Value>> = usage.interfaces.iter().map(interface).collect();
    map.insert("interfaces".to_owned(), json!(all));
    Some(Value::Object(map))
}

pub(super) async fn summary(State(answers): State<Arc<Answers>>) -> Response {
    let request = wire::ListPodSandboxStatsRequest { filter: None };
    let listed = match call(
        CALL_TIMEOUT,
        answers.cri.runtime().list_pod_sandbox_stats(request),
    )
    .await
    {
        Ok(listed) => listed.stats,
        Err(status) => return failed(&status),
    };
    let started: HashMap<String, Value> = answers
        .view
        .all()
        .iter()
        .map(|view| (view.uid().to_owned(), json!(view.status.start_time)))
        .collect();
    let pods: Vec<Value> = listed
        .iter()
        .filter_map(|stats| {
            let meta = stats.attributes.as_ref()?.metadata.as_ref()?;
            let linux = stats.linux.as_ref();
            Some(json!({
                "podRef": {"name": meta.name, "namespace": meta.namespace, "uid": meta.uid},
                "startTime": started.get(&meta.uid),
                "containers": linux.map(|linux| linux.containers.iter().map(container).collect::<Vec<_>>()).unwrap_or_default(),
                "cpu": cpu(linux.and_then(|linux| linux.cpu.as_ref())),
                "memory": memory(linux.and_then(|linux| linux.memory.as_ref())),
                "network": linux.and_then(|linux| network(linux.network.as_ref()?)),
            }))
        })
        .collect();
    let now = clock::now();
    let machine = host::machine();
    let disk = host::disk(&answers.config.root_dir).unwrap_or_default();
    let available = host::available_memory();
    let node = json!({
        "nodeName": answers.config.node_name,
        "memory": {
            "time": now.to_string(), "availableBytes": available,
            "workingSetBytes": machine.memory_bytes.saturating_sub(available)
        },
        "fs": {
            "time": now.to_string(), "availableBytes": disk.available, "capacityBytes": disk.size,
            "usedBytes": disk.size.saturating_sub(disk.available), "inodesFree": disk.inodes_free, "inodes": disk.inodes
        }
    });
    Json(json!({"node": node, "pods": pods})).into_response()
}

/// Pods as the runtime has them, without anything the API server knows.
pub(super) async fn running_pods(State(answers): State<Arc<Answers>>) -> Response {
    let request = wire::ListPodSandboxRequest {
        filter: Some(wire::PodSandboxFilter {
            state: Some(wire::PodSandboxStateValue {
                state: wire::PodSandboxState::SandboxReady.into(),
            }),
            ..wire::PodSandboxFilter::default()
        }),
    };
    let sandboxes = match call(
        CALL_TIMEOUT,
        answers.cri.runtime().list_pod_sandbox(request),
    )
    .await
    {
        Ok(listed) => listed.items,
        Err(status) => return failed(&status),
    };
    let request = wire::ListContainersRequest {
        filter: Some(wire::ContainerFilter {
            state: Some(wire::ContainerStateValue {
                state: wire::ContainerState::ContainerRunning.into(),
            }),
            ..wire::ContainerFilter::default()
        }),
    };
    let containers = match call(CALL_TIMEOUT, answers.cri.runtime().list_containers(request)).await
    {
        Ok(listed) => listed.containers,
        Err(status) => return failed(&status),
    };
    let mut by_sandbox: HashMap<&str, Vec<Value>> = HashMap::new();
    for container in &containers {
        let image = container.image.as_ref().map(|image| &image.image);
        by_sandbox
            .entry(&container.pod_sandbox_id)
            .or_default()
            .push(json!({"name": container.labels.get(labels::CONTAINER_NAME), "image": image, "resources": {}}));
    }
    let items: Vec<Value> = sandboxes
        .iter()
        .filter_map(|sandbox| {
            let meta = sandbox.metadata.as_ref()?;
            let containers = by_sandbox.remove(sandbox.id.as_str()).unwrap_or_default();
            Some(json!({
                "metadata": {"name": meta.name, "namespace": meta.namespace, "uid": meta.uid, "creationTimestamp": null},
                "spec": {"containers": containers}, "status": {}
            }))
        })
        .collect();
    Json(json!({"kind": "PodList", "apiVersion": "v1", "metadata": {}, "items": items}))
        .into_response()
}
