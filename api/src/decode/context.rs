//! Where in an object the reading is, and what was found wrong: Go's type errors, and unknown and repeated fields.

use crate::facts::Type;
use crate::gotext;

/// How many unknown and repeated fields are told of; upstream's bound.
const MAX_STRICT_ERRORS: usize = 100;

/// One step of the way from the root.
enum Step {
    Field(&'static str),
    Key(String),
    Index(usize),
}

/// The state of one reading.
pub struct Context {
    /// Whether unknown and repeated fields are noted.
    pub strict: bool,
    steps: Vec<Step>,
    structs: Vec<&'static str>,
    strict_errors: Vec<String>,
    /// Errors after which Go reads on; the first counts.
    saved: Option<String>,
    /// Errors of a type's own decoder, after which Go stops.
    fatal: Option<String>,
}

impl Context {
    pub fn new(strict: bool) -> Self {
        Context {
            strict,
            steps: Vec::new(),
            structs: Vec::new(),
            strict_errors: Vec::new(),
            saved: None,
            fatal: None,
        }
    }

    /// Runs `read` inside a struct's field.
    pub fn in_field<T>(
        &mut self,
        ty: &Type,
        field: &'static str,
        read: impl FnOnce(&mut Self) -> T,
    ) -> T {
        self.structs.push(ty.short_name());
        self.steps.push(Step::Field(field));
        let out = read(self);
        self.steps.pop();
        self.structs.pop();
        out
    }

    /// Runs `read` inside a map's entry.
    pub fn in_key<T>(&mut self, key: &str, read: impl FnOnce(&mut Self) -> T) -> T {
        self.steps.push(Step::Key(key.to_owned()));
        let out = read(self);
        self.steps.pop();
        out
    }

    /// Runs `read` inside a list's element.
    pub fn in_index<T>(&mut self, index: usize, read: impl FnOnce(&mut Self) -> T) -> T {
        self.steps.push(Step::Index(index));
        let out = read(self);
        self.steps.pop();
        out
    }

    /// A field that the type does not have.
    pub fn unknown(&mut self, name: &str) {
        self.strict_error("unknown field", name);
    }

    /// A field that was there before.
    pub fn duplicate(&mut self, name: &str) {
        self.strict_error("duplicate field", name);
    }

    fn strict_error(&mut self, what: &str, name: &str) {
        if !self.strict || self.strict_errors.len() >= MAX_STRICT_ERRORS {
            return;
        }
        let mut path = String::new();
        for step in &self.steps {
            match step {
                Step::Field(name) => push_name(&mut path, name),
                Step::Key(name) => push_name(&mut path, name),
                Step::Index(index) => path.push_str(&format!("[{index}]")),
            }
        }
        if name.starts_with('[') {
            path.push_str(name);
        } else {
            push_name(&mut path, name);
        }
        let text = format!("{what} {}", gotext::quote(&path));
        if !self.strict_errors.contains(&text) {
            self.strict_errors.push(text);
        }
    }

    /// A value of the wrong JSON type: `what` is Go's word for it, `go` the type it should have been.
    pub fn mismatch(&mut self, what: &str, go: &str) {
        if self.saved.is_none() {
            self.saved = Some(self.mismatch_text(what, go));
        }
    }

    /// As [`Context::mismatch`], found by a type's own decoder.
    pub fn fatal_mismatch(&mut self, what: &str, go: &str) {
        let text = self.mismatch_text(what, go);
        self.fatal(text);
    }

    /// The error of a type's own decoder.
    pub fn fatal(&mut self, text: impl Into<String>) {
        if self.fatal.is_none() {
            self.fatal = Some(text.into());
        }
    }

    /// An error after which Go reads on.
    pub fn save(&mut self, text: impl Into<String>) {
        if self.saved.is_none() {
            self.saved = Some(text.into());
        }
    }

    fn mismatch_text(&self, what: &str, go: &str) -> String {
        let go = go.trim_start_matches('*');
        let Some(owner) = self.structs.last() else {
            return format!("json: cannot unmarshal {what} into Go value of type {go}");
        };
        let names: Vec<&str> = self
            .steps
            .iter()
            .filter_map(|s| {
                if let Step::Field(name) = s {
                    Some(*name)
                } else {
                    None
                }
            })
            .collect();
        format!(
            "json: cannot unmarshal {what} into Go struct field {owner}.{} of type {go}",
            names.join(".")
        )
    }

    /// What makes the object unreadable, if anything does, and the unknown and repeated fields.
    pub fn finish(self) -> (Option<String>, Vec<String>) {
        (self.fatal.or(self.saved), self.strict_errors)
    }
}

fn push_name(path: &mut String, name: &str) {
    if !path.is_empty() {
        path.push('.');
    }
    path.push_str(name);
}
