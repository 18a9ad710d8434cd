//! The counting of one probe: outcomes in, settled results out. Knows no time and no network.

use k8s_openapi::api::core::v1::Probe;

use crate::kubelet::machine::ProbeKind;

/// How one try went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Success,
    /// The container answered that it is not well, or not at all.
    Failure(String),
    /// The probe itself could not be made.
    Unknown(String),
}

/// One probe of one container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ProbeRun {
    pub kind: ProbeKind,
    success_threshold: u32,
    failure_threshold: u32,
    /// The settled result; `None` before a startup probe has settled.
    result: Option<bool>,
    /// The outcome of the last tries, and how many in a row had it.
    streak: Option<(bool, u32)>,
}

impl ProbeRun {
    pub(crate) fn new(kind: ProbeKind, probe: &Probe) -> Self {
        let threshold = |value: Option<i32>, default: u32| {
            value
                .and_then(|value| u32::try_from(value).ok())
                .filter(|value| *value > 0)
                .unwrap_or(default)
        };
        Self {
            kind,
            success_threshold: threshold(probe.success_threshold, 1),
            failure_threshold: threshold(probe.failure_threshold, 3),
            result: match kind {
                ProbeKind::Startup => None,
                ProbeKind::Liveness => Some(true),
                ProbeKind::Readiness => Some(false),
            },
            streak: None,
        }
    }

    /// Whether nothing has settled that is not the initial result.
    pub(crate) fn is_fresh(&self) -> bool {
        self.streak.is_none()
    }

    /// Counts an outcome. Returns the settled result when this changed it.
    pub(crate) fn note(&mut self, outcome: &Outcome) -> Option<bool> {
        let success = match outcome {
            Outcome::Success => true,
            Outcome::Failure(_) => false,
            // A probe that could not be made says nothing.
            Outcome::Unknown(_) => return None,
        };
        let count = match self.streak {
            Some((before, count)) if before == success => count.saturating_add(1),
            _ => 1,
        };
        self.streak = Some((success, count));
        let threshold = if success {
            self.success_threshold
        } else {
            self.failure_threshold
        };
        if count < threshold || self.result == Some(success) {
            return None;
        }
        self.result = Some(success);
        Some(success)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn probe(success: i32, failure: i32) -> Probe {
        Probe {
            success_threshold: Some(success),
            failure_threshold: Some(failure),
            ..Probe::default()
        }
    }

    fn failure() -> Outcome {
        Outcome::Failure("no".into())
    }

    #[test]
    fn liveness_fails_after_its_threshold_in_a_row() {
        let mut run = ProbeRun::new(ProbeKind::Liveness, &probe(1, 3));
        let outcomes = [failure(), failure(), Outcome::Success, failure(), failure()];
        assert!(outcomes.iter().all(|outcome| run.note(outcome).is_none()));
        assert_eq!(run.note(&failure()), Some(false));
        assert_eq!(run.note(&failure()), None);
    }

    #[test]
    fn readiness_comes_after_its_successes_and_goes_again() {
        let mut run = ProbeRun::new(ProbeKind::Readiness, &probe(2, 1));
        assert_eq!(run.note(&failure()), None);
        assert_eq!(run.note(&Outcome::Success), None);
        assert_eq!(run.note(&Outcome::Success), Some(true));
        assert_eq!(run.note(&failure()), Some(false));
    }

    #[test]
    fn what_could_not_be_probed_counts_for_nothing() {
        let mut run = ProbeRun::new(ProbeKind::Startup, &probe(1, 1));
        assert_eq!(run.note(&Outcome::Unknown("?".into())), None);
        assert_eq!(run.note(&failure()), Some(false));
    }
}
