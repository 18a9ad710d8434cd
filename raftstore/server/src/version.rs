//! Which etcd this says it is. Clients choose by it what they may ask: a kube-apiserver wants 3.5.13 or later for consistent lists
//! from its cache, and etcdctl compares the minor version.

/// The version of the server, as in `/version` and in `Maintenance.Status`.
pub const SERVER: &str = "3.5.35";
/// The version that a cluster of such servers agrees on.
pub const CLUSTER: &str = "3.5.0";
/// The cluster's version as the metric's label has it.
pub const CLUSTER_SHORT: &str = "3.5";
