//! A term has one leader at most.

use super::history::History;

/// Checks a history.
pub fn check(history: &History) {
    assert!(!history.leaders.is_empty(), "nobody led");
    for (term, leaders) in &history.leaders {
        assert_eq!(leaders.len(), 1, "term {term}: {leaders:?}");
    }
}
