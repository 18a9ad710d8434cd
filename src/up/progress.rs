//! What `hydrofoil up` shows while it starts and stops: a line per part with the time it took.

use std::path::Path;
use std::time::Instant;

/// Width of a part's name in a line.
const NAME: usize = 12;
/// Width of what is said of it.
const SAID: usize = 56;

/// Prints lines to standard output.
pub struct Progress {
    since: Instant,
}

impl Progress {
    /// The first part begins now.
    pub fn new() -> Self {
        Self {
            since: Instant::now(),
        }
    }

    /// A part is done; the next begins.
    pub fn part(&mut self, name: &str, said: &str) {
        let took = self.since.elapsed();
        println!("{name:NAME$} {said:SAID$} {:>6} ms", took.as_millis());
        self.since = Instant::now();
    }

    /// Everything is up.
    pub fn ready(&self, begun: Instant, kubeconfig: &Path) {
        println!("ready in {} ms", begun.elapsed().as_millis());
        println!(
            "export KUBECONFIG={}",
            shell_word(&kubeconfig.display().to_string())
        );
    }

    /// Everything is down, or about to be.
    pub fn line(&self, said: &str) {
        println!("{said}");
    }
}

/// A path as one word of a shell's command line.
fn shell_word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+:@%,".contains(c);
    if text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::shell_word;

    #[test]
    fn a_path_can_be_pasted_into_a_shell() {
        assert_eq!(shell_word("/home/a/kubeconfig"), "/home/a/kubeconfig");
        assert_eq!(shell_word("/home/a b/it's"), r"'/home/a b/it'\''s'");
    }
}
