//! ImageLocality: prefers nodes that already have the pod's images, the more the larger they are and the more nodes have them.

use super::{Candidate, Cycle, MAX_SCORE};

/// Below this many bytes a container's images make no difference (upstream: `minThreshold`).
const LEAST_BYTES: i64 = 23 * 1024 * 1024;
/// Above this many bytes a container, more make no difference (upstream: `maxContainerThreshold`).
const MOST_BYTES_PER_CONTAINER: i64 = 1000 * 1024 * 1024;

/// The bytes that would not need to be pulled, weighed by how many nodes have them, as a score.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "sizes of images weighed by a share"
)]
pub fn score(cycle: &Cycle<'_>, candidate: Candidate<'_>) -> i64 {
    if candidate.node.images.is_empty() {
        return 0;
    }
    let spec = &cycle.pod.spec;
    let containers = spec.containers.iter().chain(&spec.init_containers);
    let total = cycle.cluster.len().max(1);
    let (mut bytes, mut count) = (0_i64, 0_i64);
    for container in containers {
        count += 1;
        let name = with_tag(&container.image);
        if let Some(size) = candidate.node.images.get(&name) {
            let having = cycle.cluster.nodes_with_image(&name);
            bytes += (*size as f64 * having as f64 / total as f64) as i64;
        }
    }
    let most = MOST_BYTES_PER_CONTAINER * count.max(1);
    MAX_SCORE * (bytes.clamp(LEAST_BYTES, most) - LEAST_BYTES) / (most - LEAST_BYTES)
}

/// A name as nodes report it: with a tag.
fn with_tag(image: &str) -> String {
    let last = image.rsplit('/').next().unwrap_or(image);
    if last.contains(':') || last.contains('@') {
        image.to_owned()
    } else {
        format!("{image}:latest")
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::*;
    use super::*;
    use serde_json::json;

    #[test]
    fn a_node_with_the_image_is_preferred() {
        let c = cluster(json!([
            {"metadata":{"name":"a"},"status":{"images":[{"names":["r/x:latest"],"sizeBytes":1_000_000_000}]}},
            {"metadata":{"name":"b"}}]));
        let p = pod(json!({"spec":{"containers":[{"image":"r/x"}]}}));
        assert!(raw(score, &c, &p, "a") > 0);
        assert_eq!(raw(score, &c, &p, "b"), 0);
    }
}
