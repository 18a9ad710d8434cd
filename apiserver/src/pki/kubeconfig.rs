//! The text of a kubeconfig: one cluster, one user with a client certificate, one context.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

/// What a kubeconfig says; everything a client needs to reach a cluster as somebody.
#[derive(Debug, Clone)]
pub struct Kubeconfig<'a> {
    /// Name of the cluster and of the context.
    pub cluster: &'a str,
    /// Where the API server is, such as `https://127.0.0.1:6443`.
    pub server: &'a str,
    /// Certificate of the authority, PEM.
    pub ca: &'a str,
    /// Name of the user's entry.
    pub user: &'a str,
    /// Client certificate, PEM.
    pub certificate: &'a str,
    /// Its key, PEM.
    pub key: &'a str,
}

impl Kubeconfig<'_> {
    /// The file's text, YAML, with certificates inline.
    pub fn text(&self) -> String {
        let config = json!({
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{
                "name": self.cluster,
                "cluster": { "server": self.server, "certificate-authority-data": STANDARD.encode(self.ca) },
            }],
            "users": [{
                "name": self.user,
                "user": {
                    "client-certificate-data": STANDARD.encode(self.certificate),
                    "client-key-data": STANDARD.encode(self.key),
                },
            }],
            "contexts": [{
                "name": self.cluster,
                "context": { "cluster": self.cluster, "user": self.user },
            }],
            "current-context": self.cluster,
            "preferences": {},
        });
        // Strings, lists and maps with string keys always have a YAML form.
        serde_yaml::to_string(&config).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_is_a_kubeconfig() {
        let text = Kubeconfig {
            cluster: "hydrofoil",
            server: "https://127.0.0.1:6443",
            ca: "CA",
            user: "admin",
            certificate: "C",
            key: "K",
        }
        .text();
        let read: kube::config::Kubeconfig = serde_yaml::from_str(&text).unwrap();
        assert_eq!(read.current_context.as_deref(), Some("hydrofoil"));
        assert_eq!(
            read.clusters[0].cluster.as_ref().unwrap().server.as_deref(),
            Some("https://127.0.0.1:6443")
        );
    }
}
