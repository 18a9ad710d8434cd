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

use super::query::info;
use super::sandbox::HANDLERS;
use super::{CriError, CriResult, Runtime};

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
            status: Some(RuntimeStatus {
                conditions: vec![condition("RuntimeReady", true, "", ""), network],
            }),
            info: verbose,
            runtime_handlers: HANDLERS
                .iter()
                .map(|name| RuntimeHandler {
                    name: (*name).to_owned(),
                    features: Some(RuntimeHandlerFeatures {
                        recursive_read_only_mounts: true,
                        user_namespaces: false,
                    }),
                })
                .collect(),
            features: Some(RuntimeFeatures::default()),
        })
    }

    /// The kubelet tells the node's pod range. Of a dual-stack pair the IPv4 range is used.
    pub async fn update_runtime_config(
        self: &Arc<Self>,
        request: UpdateRuntimeConfigRequest,
    ) -> CriResult<UpdateRuntimeConfigResponse> {
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

    /// There are no cgroups behind Wasm containers; the kubelet wants to know which driver not to use.
    pub async fn runtime_config(
        self: &Arc<Self>,
        _request: RuntimeConfigRequest,
    ) -> CriResult<RuntimeConfigResponse> {
        Ok(RuntimeConfigResponse {
            linux: Some(LinuxRuntimeConfiguration {
                cgroup_driver: CgroupDriver::Cgroupfs.into(),
            }),
        })
    }
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
