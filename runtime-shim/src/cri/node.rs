//! Version, Status, UpdateRuntimeConfig, RuntimeConfig: the runtime as a whole.

use std::collections::HashMap;
use std::sync::Arc;

use hydrofoil_cri::v1::{
    CgroupDriver, LinuxRuntimeConfiguration, RuntimeCondition, RuntimeConfigRequest,
    RuntimeConfigResponse, RuntimeFeatures, RuntimeHandler, RuntimeHandlerFeatures, RuntimeStatus,
    StatusRequest, StatusResponse, UpdateRuntimeConfigRequest, UpdateRuntimeConfigResponse,
    VersionRequest, VersionResponse,
};
use ipnet::Ipv4Net;

use super::front::RUNC;
use super::query::info;
use super::sandbox::HANDLERS;
use super::{CriError, CriResult, Runtime};
use crate::containerd::or_none;

/// The kubelet's own version of this message, unchanged since CRI began.
const KUBELET_API_VERSION: &str = "0.1.0";
/// CRI's version.
const CRI_VERSION: &str = "v1";

impl Runtime {
    /// Who this is.
    pub async fn version(self: &Arc<Self>, _request: VersionRequest) -> CriResult<VersionResponse> {
        Ok(VersionResponse {
            version: KUBELET_API_VERSION.to_owned(),
            runtime_name: hydrofoil_cri::RUNTIME_NAME.to_owned(),
            runtime_version: env!("CARGO_PKG_VERSION").to_owned(),
            runtime_api_version: CRI_VERSION.to_owned(),
        })
    }

    /// Whether pods can be run.
    pub async fn status(self: &Arc<Self>, request: StatusRequest) -> CriResult<StatusResponse> {
        let (range, in_use) = {
            let addresses = self.addresses.lock();
            (addresses.range(), addresses.in_use())
        };
        let network = match range {
            Some(_) => condition("NetworkReady", true, "", ""),
            None => condition(
                "NetworkReady",
                false,
                "NetworkPluginNotReady",
                "the node has no pod address range yet",
            ),
        };
        let mut conditions = vec![condition("RuntimeReady", true, "", ""), network];
        let mut handlers: Vec<RuntimeHandler> = HANDLERS.iter().map(|name| handler(name)).collect();
        if let Some(containerd) = &self.containerd {
            let mut client = containerd.runtime();
            let theirs = containerd
                .ask(client.status(StatusRequest::default()))
                .await;
            let (theirs, features) = match theirs {
                Ok(answer) => (
                    answer.status.unwrap_or_default().conditions,
                    answer
                        .runtime_handlers
                        .into_iter()
                        .find(|h| h.name.is_empty()),
                ),
                Err(status) => {
                    let (reason, words) = ("ContainerdNotReady", status.message());
                    (vec![condition("RuntimeReady", false, reason, words)], None)
                }
            };
            conditions = both(conditions, theirs);
            handlers.push(RuntimeHandler {
                name: RUNC.to_owned(),
                features: features.and_then(|h| h.features),
            });
        }
        let verbose = if request.verbose {
            let metrics: serde_json::Map<String, serde_json::Value> = self
                .metrics
                .list()
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).into()))
                .collect();
            info(&serde_json::json!({
                "podCIDR": range.map(|r| r.to_string()),
                "podAddressesInUse": in_use,
                "metrics": metrics,
            }))
        } else {
            HashMap::new()
        };
        Ok(StatusResponse {
            status: Some(RuntimeStatus { conditions }),
            info: verbose,
            runtime_handlers: handlers,
            features: Some(RuntimeFeatures::default()),
        })
    }

    /// The kubelet tells the node's pod range. Of a dual-stack pair the IPv4 range is used.
    pub async fn update_runtime_config(
        self: &Arc<Self>,
        request: UpdateRuntimeConfigRequest,
    ) -> CriResult<UpdateRuntimeConfigResponse> {
        if let Some(containerd) = &self.containerd {
            let mut client = containerd.runtime();
            let told = containerd.ask(client.update_runtime_config(request.clone()));
            told.await?;
        }
        let text = request
            .runtime_config
            .and_then(|config| config.network_config)
            .map(|network| network.pod_cidr)
            .unwrap_or_default();
        if text.is_empty() {
            return Ok(UpdateRuntimeConfigResponse {});
        }
        let range = ipv4_range(&text)?;
        self.addresses.lock().set_range(range);
        tracing::info!(%range, "pod address range");
        Ok(UpdateRuntimeConfigResponse {})
    }

    /// There are no cgroups behind Wasm containers: what containerd says, if it does, else the kubelet's own default.
    pub async fn runtime_config(
        self: &Arc<Self>,
        request: RuntimeConfigRequest,
    ) -> CriResult<RuntimeConfigResponse> {
        if let Some(containerd) = &self.containerd {
            let mut client = containerd.runtime();
            let theirs = containerd.ask(client.runtime_config(request)).await;
            if let Some(theirs) = or_none(theirs)? {
                return Ok(theirs);
            }
        }
        Ok(RuntimeConfigResponse {
            linux: Some(LinuxRuntimeConfiguration {
                cgroup_driver: CgroupDriver::Cgroupfs.into(),
            }),
        })
    }
}

/// A handler whose sandboxes are ours.
fn handler(name: &str) -> RuntimeHandler {
    RuntimeHandler {
        name: name.to_owned(),
        features: Some(RuntimeHandlerFeatures {
            recursive_read_only_mounts: true,
            user_namespaces: false,
        }),
    }
}

/// What holds when both must be ready: of two conditions of a kind the one that is not.
fn both(ours: Vec<RuntimeCondition>, theirs: Vec<RuntimeCondition>) -> Vec<RuntimeCondition> {
    let mut all = ours;
    for their in theirs {
        match all.iter_mut().find(|our| our.r#type == their.r#type) {
            Some(our) if our.status => *our = their,
            Some(_) => {}
            None => all.push(their),
        }
    }
    all
}

fn condition(kind: &str, status: bool, reason: &str, message: &str) -> RuntimeCondition {
    RuntimeCondition {
        r#type: kind.to_owned(),
        status,
        reason: reason.to_owned(),
        message: message.to_owned(),
    }
}

fn ipv4_range(text: &str) -> CriResult<Ipv4Net> {
    text.split(',')
        .find_map(|part| part.trim().parse::<Ipv4Net>().ok())
        .ok_or_else(|| {
            CriError::Invalid(format!(
                "pod CIDR {text:?} has no IPv4 range, such as 127.64.0.0/16"
            ))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_two_conditions_the_one_that_is_not_met_holds() {
        let conditions = |ours: bool, theirs: bool| {
            let of = |status, who: &str| vec![condition("RuntimeReady", status, who, "")];
            let all = both(of(ours, "ours"), of(theirs, "theirs"));
            (all.len(), all[0].status, all[0].reason.clone())
        };
        assert_eq!(conditions(true, true), (1, true, "theirs".to_owned()));
        assert_eq!(conditions(true, false), (1, false, "theirs".to_owned()));
        assert_eq!(conditions(false, true), (1, false, "ours".to_owned()));
        let other = both(Vec::new(), vec![condition("Other", false, "", "")]);
        assert_eq!(other.len(), 1);
    }

    #[test]
    fn the_ipv4_range_of_a_pair_is_found() {
        assert_eq!(
            ipv4_range("127.64.0.0/16").unwrap().to_string(),
            "127.64.0.0/16"
        );
        assert_eq!(
            ipv4_range("fd00::/64, 10.1.0.0/24").unwrap().to_string(),
            "10.1.0.0/24"
        );
        for bad in ["fd00::/64", "10.0.0.0", "10.0.0.0/33", ","] {
            assert!(
                matches!(ipv4_range(bad), Err(CriError::Invalid(_))),
                "{bad}"
            );
        }
    }
}
