//! How a guest ended, in the words that the kubelet shows.
//!
//! | what happened | exit code | reason |
//! |---|---|---|
//! | returned, `exit(n)` | n | `Completed` for 0, else `Error` |
//! | trap | 134, as a process that aborted (128 + SIGABRT; wasmtime's own command line gives the same) | `Error` |
//! | trap after it was refused memory | 137 | `OOMKilled` |
//! | stopped while it waited | 143, as by SIGTERM | `Error` |
//! | stopped by force, its grace over | 137, as by SIGKILL | `Error` |
//! | could not be begun | 128, containerd's number | `StartError` |
//! | the runtime went away | 255, containerd's number | `Unknown` |

use wasmtime::Error;
use wasmtime_wasi::I32Exit;

/// 128 + SIGABRT.
pub const TRAPPED: i32 = 134;
/// 128 + SIGKILL.
pub const KILLED: i32 = 137;
/// 128 + SIGTERM.
pub const TERMINATED: i32 = 143;
/// Could not be begun.
pub const NOT_STARTED: i32 = 128;
/// Ended while nobody looked.
pub const UNKNOWN: i32 = 255;

const START_ERROR: &str = "StartError";

/// A container's end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exit {
    /// The exit code, as a process's: 0 to 255.
    pub code: i32,
    /// One word for the kubelet.
    pub reason: &'static str,
    /// A sentence for people; empty when the code says it all.
    pub message: String,
}

impl Exit {
    /// An end by an exit code of the guest's own.
    pub fn with_code(code: i32) -> Self {
        let code = code & 0xff;
        Self {
            code,
            reason: if code == 0 { "Completed" } else { "Error" },
            message: String::new(),
        }
    }

    /// The guest was stopped while it waited for something.
    pub fn terminated() -> Self {
        Self::with_code(TERMINATED)
    }

    /// The guest was stopped by force.
    pub fn killed() -> Self {
        Self::with_code(KILLED)
    }

    /// The guest was refused memory and gave up.
    pub fn out_of_memory(limit: Option<u64>) -> Self {
        Self {
            code: KILLED,
            reason: "OOMKilled",
            message: match limit {
                Some(limit) => format!("needs more memory than its limit of {limit} bytes"),
                None => String::new(),
            },
        }
    }

    /// The guest could not be begun.
    pub fn not_started(message: impl Into<String>) -> Self {
        Self {
            code: NOT_STARTED,
            reason: START_ERROR,
            message: message.into(),
        }
    }

    /// Whether it was never begun.
    pub fn is_start_error(&self) -> bool {
        self.reason == START_ERROR
    }

    /// The runtime that ran the guest is gone.
    pub fn lost() -> Self {
        Self {
            code: UNKNOWN,
            reason: "Unknown",
            message: "the container ended with the runtime that ran it".to_owned(),
        }
    }

    /// What a call into the guest failed with: an exit, or a trap.
    pub fn of_error(error: &Error) -> Self {
        if let Some(I32Exit(code)) = error.downcast_ref::<I32Exit>() {
            return Self::with_code(*code);
        }
        Self {
            code: TRAPPED,
            reason: "Error",
            message: error.root_cause().to_string(),
        }
    }
}

/// What a guest's log is told of a trap: the Wasm backtrace and the causes under it, as wasmtime's own command line shows them.
/// The backtrace of the host, which `{:?}` adds when `RUST_BACKTRACE` is set, is none of the guest's business.
pub fn trap_text(error: &Error) -> String {
    let mut chain = error.chain().map(ToString::to_string);
    let mut text = chain.next().unwrap_or_default();
    for (i, cause) in chain.enumerate() {
        text.push_str(if i == 0 { "\n\nCaused by:\n" } else { "\n" });
        text.push_str("    ");
        text.push_str(&cause.replace('\n', "\n    "));
    }
    text
}

/// Whether a failed call was a trap, rather than the guest's `exit`.
pub fn is_trap(error: &Error) -> bool {
    error.downcast_ref::<I32Exit>().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_a_processs() {
        assert_eq!(Exit::with_code(0).reason, "Completed");
        assert_eq!(Exit::with_code(-1).code, 255);
        assert_eq!(Exit::with_code(256).code, 0);
        assert_eq!(Exit::with_code(7).reason, "Error");
    }

    #[test]
    fn a_trap_is_told_with_its_causes_and_nothing_of_the_host() {
        let trap = Error::from(wasmtime::Trap::UnreachableCodeReached).context("at a place");
        let text = trap_text(&trap);
        assert!(text.starts_with("at a place\n\nCaused by:\n    "), "{text}");
        assert!(text.contains("unreachable"), "{text}");
        assert!(!text.contains("Stack backtrace"), "{text}");
    }

    #[test]
    fn an_exit_inside_a_context_is_still_an_exit() {
        let error = Error::from(I32Exit(3)).context("while running");
        assert_eq!(Exit::of_error(&error).code, 3);
        assert!(!is_trap(&error));
        let trap = Error::from(wasmtime::Trap::UnreachableCodeReached).context("backtrace");
        assert!(is_trap(&trap));
        let exit = Exit::of_error(&trap);
        assert_eq!(exit.code, 134);
        assert!(exit.message.contains("unreachable"), "{}", exit.message);
    }
}
