//! Lifecycle hooks: what runs right after a container's start and right before its stop (upstream: `pkg/kubelet/lifecycle`).

use std::time::Duration;

use k8s_openapi::api::core::v1::{Container, LifecycleHandler};

use super::cri::{Cri, go_error};
use super::probes::check::{authority, exec_sync, get, port};

/// Runs a hook. The error is what the event tells. There is no time limit but the caller's.
pub(crate) async fn run(
    cri: &Cri,
    handler: &LifecycleHandler,
    container: &Container,
    container_id: &str,
    pod_ip: &str,
) -> Result<(), String> {
    if let Some(action) = &handler.exec {
        let command = action.command.clone().unwrap_or_default();
        let text = command.join(" ");
        return match exec_sync(cri, container_id, command, Duration::ZERO).await {
            Ok((0, _)) => Ok(()),
            Ok((code, output)) => Err(format!(
                "Exec lifecycle hook ([{text}]) for Container \"{}\" failed - error: command '{text}' exited with {code}: , message: {output:?}",
                container.name
            )),
            Err(status) => Err(format!(
                "Exec lifecycle hook ([{text}]) for Container \"{}\" failed - error: {}",
                container.name,
                go_error(&status)
            )),
        };
    }
    if let Some(action) = &handler.http_get {
        let host = action
            .host
            .as_deref()
            .filter(|host| !host.is_empty())
            .unwrap_or(pod_ip);
        let port = port(&action.port, container)?;
        let tls = action.scheme.as_deref() == Some("HTTPS");
        let path = action
            .path
            .as_deref()
            .filter(|path| !path.is_empty())
            .unwrap_or("/");
        let headers: Vec<(&str, &str)> = action
            .http_headers
            .iter()
            .flatten()
            .map(|header| (header.name.as_str(), header.value.as_str()))
            .collect();
        return get(host, port, tls, path, &headers).await.map(drop).map_err(|error| {
            format!(
                "HTTP lifecycle hook ({path}) for Container \"{}\" failed - error: Get \"{}\": {error}",
                container.name,
                authority(host, port)
            )
        });
    }
    if let Some(action) = &handler.sleep {
        let seconds = u64::try_from(action.seconds).unwrap_or(0);
        tokio::time::sleep(Duration::from_secs(seconds)).await;
        return Ok(());
    }
    Err("invalid handler".to_owned())
}
