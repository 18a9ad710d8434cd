//! The arithmetic of a rollout: how many pods too many or too few a Deployment may have on its way.

use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use crate::objects::Deployment;

/// The strategy that stops all old pods first.
pub const RECREATE: &str = "Recreate";

/// A number, or a percentage of `total`, rounded up or down. What cannot be read is 0.
pub fn scaled(value: Option<&IntOrString>, total: i32, round_up: bool) -> i32 {
    match value {
        None => 0,
        Some(IntOrString::Int(number)) => *number,
        Some(IntOrString::String(text)) => {
            let Some(percent) = text.strip_suffix('%').and_then(|t| t.parse::<i64>().ok()) else {
                return 0;
            };
            let product = percent.saturating_mul(i64::from(total));
            let rounded = if round_up {
                product.saturating_add(99).div_euclid(100)
            } else {
                product.div_euclid(100)
            };
            i32::try_from(rounded).unwrap_or(i32::MAX)
        }
    }
}

/// Whether a Deployment replaces its pods gradually, which is the default.
pub fn is_rolling(deployment: &Deployment) -> bool {
    deployment.spec.strategy.type_.as_deref() != Some(RECREATE)
}

/// `(maxSurge, maxUnavailable)` in pods. Both 0 would stand still for ever, so that one pod may then be missing.
fn fenceposts(deployment: &Deployment) -> (i32, i32) {
    let rolling = deployment.spec.strategy.rolling_update.as_ref();
    let desired = deployment.replicas();
    let surge = scaled(rolling.and_then(|r| r.max_surge.as_ref()), desired, true);
    let unavailable = scaled(
        rolling.and_then(|r| r.max_unavailable.as_ref()),
        desired,
        false,
    );
    if surge == 0 && unavailable == 0 {
        (0, 1)
    } else {
        (surge, unavailable)
    }
}

/// How many pods there may be above `spec.replicas`.
pub fn max_surge(deployment: &Deployment) -> i32 {
    if is_rolling(deployment) {
        fenceposts(deployment).0
    } else {
        0
    }
}

/// How many of `spec.replicas` may be unavailable.
pub fn max_unavailable(deployment: &Deployment) -> i32 {
    if !is_rolling(deployment) || deployment.replicas() == 0 {
        return 0;
    }
    fenceposts(deployment).1.min(deployment.replicas())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deployment(yaml: &str) -> Deployment {
        serde_yaml::from_str(yaml).unwrap()
    }

    #[test]
    fn surge_rounds_up_and_unavailable_down() {
        let d = deployment(
            "{spec: {replicas: 10, strategy: {rollingUpdate: {maxSurge: 25%, maxUnavailable: 25%}}}}",
        );
        assert_eq!((max_surge(&d), max_unavailable(&d)), (3, 2));
        let d = deployment(
            "{spec: {replicas: 3, strategy: {rollingUpdate: {maxSurge: 0, maxUnavailable: 10%}}}}",
        );
        assert_eq!((max_surge(&d), max_unavailable(&d)), (0, 1));
        let d = deployment(
            "{spec: {replicas: 2, strategy: {rollingUpdate: {maxSurge: 1, maxUnavailable: 5}}}}",
        );
        assert_eq!(max_unavailable(&d), 2);
        let d = deployment(
            "{spec: {replicas: 0, strategy: {rollingUpdate: {maxSurge: 1, maxUnavailable: 5}}}}",
        );
        assert_eq!(max_unavailable(&d), 0);
        let d = deployment("{spec: {replicas: 5, strategy: {type: Recreate}}}");
        assert_eq!((max_surge(&d), max_unavailable(&d)), (0, 0));
    }
}
