//! What the tools are called. The runtime, which decides who is meant by a name before anything runs, reads this file too.

/// Every tool, in order.
pub const NAMES: [&str; 30] = [
    "[", "basename", "cat", "cp", "date", "dirname", "echo", "env", "false", "grep", "head",
    "hostname", "ls", "mkdir", "mv", "nslookup", "printenv", "pwd", "rm", "rmdir", "sh", "sleep",
    "stat", "tail", "tar", "test", "touch", "true", "wc", "wget",
];
