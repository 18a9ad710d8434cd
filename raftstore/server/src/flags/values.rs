//! What was given, by flag: read by its form, refused if it is not honoured, kept as text until the settings are made of it.

use std::{collections::HashMap, time::Duration};

use super::{
    table::{self, Effect, Flag, Kind},
    url::Url,
    value,
};

/// Values that were given. What was not given has the default of its row.
#[derive(Clone, Debug, Default)]
pub struct Values {
    given: HashMap<&'static str, String>,
}

impl Values {
    /// Sets a flag.
    ///
    /// # Errors
    /// What is wrong with the value, without the flag's name.
    pub fn set(&mut self, flag: &'static Flag, text: &str) -> Result<(), String> {
        check_form(flag, text)?;
        self.given.insert(flag.name, text.to_owned());
        Ok(())
    }

    /// Whether a flag was given, under this name.
    pub fn is_set(&self, name: &str) -> bool {
        self.given.contains_key(name)
    }

    /// The names that were given.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.given.keys().copied()
    }

    /// Moves what was given under an older name to the newer one, then refuses every value that is not honoured.
    ///
    /// # Errors
    /// A flag given under both names, or a value that is not honoured, with the reason.
    pub fn settle(&mut self) -> Result<(), String> {
        for flag in table::FLAGS {
            let Effect::Renamed(newer) = flag.effect else {
                continue;
            };
            if let Some(text) = self.given.remove(flag.name) {
                if self.given.contains_key(newer) {
                    return Err(format!(
                        "cannot set --{} and --{newer} at the same time, please use --{newer} only",
                        flag.name
                    ));
                }
                self.given.insert(newer, text);
            }
        }
        for flag in table::FLAGS {
            if let Effect::Refused { accepted, why } = flag.effect
                && let Some(text) = self.given.get(flag.name)
                && !self.asks_for_nothing(flag, text, accepted)
            {
                return Err(format!("--{}={text} is not supported: {why}", flag.name));
            }
        }
        Ok(())
    }

    /// The flags that were given another value than their default and change nothing, each with the reason.
    pub fn without_effect(&self) -> Vec<(&'static str, &'static str)> {
        let given = table::FLAGS.iter().filter_map(|flag| {
            let text = self.given.get(flag.name)?;
            let effect = match flag.effect {
                Effect::Renamed(newer) => table::find(newer)?.effect,
                effect => effect,
            };
            let Effect::Nil(why) = effect else {
                return None;
            };
            let differs = !self.asks_for_nothing(flag, text, &[flag.default]);
            differs.then_some((flag.name, why))
        });
        given.collect()
    }

    fn asks_for_nothing(&self, flag: &Flag, text: &str, accepted: &[&str]) -> bool {
        let same = |accepted: &&str| match flag.kind {
            Kind::Bool => value::boolean(accepted).is_ok_and(|a| Ok(a) == value::boolean(text)),
            Kind::Duration => {
                value::duration_nanos(accepted).is_ok_and(|a| Ok(a) == value::duration_nanos(text))
            }
            _ => *accepted == text,
        };
        accepted.iter().any(same)
    }

    /// The text of a flag.
    pub fn text(&self, name: &str) -> &str {
        match self.given.get(name) {
            Some(text) => text,
            None => table::find(name).map_or("", |flag| flag.default),
        }
    }

    /// A boolean. Its form was checked when it was set.
    pub fn boolean(&self, name: &str) -> bool {
        value::boolean(self.text(name)).unwrap_or_default()
    }

    /// An unsigned number. Its form was checked when it was set.
    pub fn unsigned(&self, name: &str) -> u64 {
        value::unsigned(self.text(name), u64::MAX).unwrap_or_default()
    }

    /// A signed number. Its form was checked when it was set.
    pub fn signed(&self, name: &str) -> i64 {
        value::signed(self.text(name)).unwrap_or_default()
    }

    /// A duration.
    ///
    /// # Errors
    /// That it is negative.
    pub fn duration(&self, name: &str) -> Result<Duration, String> {
        value::duration(self.text(name)).map_err(|error| format!("--{name} {error}"))
    }

    /// URLs; none if a word stands in their place. Their form was checked when they were set.
    pub fn urls(&self, name: &str) -> Vec<Url> {
        Url::parse_list(self.text(name)).unwrap_or_default()
    }

    /// Words in order; an empty text is no word.
    pub fn list(&self, name: &str) -> Vec<String> {
        let text = self.text(name);
        if text.is_empty() {
            return Vec::new();
        }
        text.split(',').map(str::to_owned).collect()
    }
}

fn check_form(flag: &Flag, text: &str) -> Result<(), String> {
    match flag.kind {
        Kind::Text | Kind::List | Kind::Ignored => Ok(()),
        Kind::Bool => value::boolean(text).map(drop),
        Kind::Uint(max) => value::unsigned(text, max).map(drop),
        Kind::Int => value::signed(text).map(drop),
        Kind::Duration => value::duration_nanos(text)
            .map(drop)
            .map_err(|_| value::PARSE_ERROR.into()),
        Kind::Urls(words) if words.contains(&text) => Ok(()),
        Kind::Urls(_) => Url::parse_list(text).map(drop),
        Kind::OneOf(words) if words.contains(&text) => Ok(()),
        Kind::OneOf(_) => Err("invalid value".into()),
        Kind::SomeOf(words) => match text.split(',').find(|word| !words.contains(word)) {
            Some(word) => Err(format!("invalid value {word:?}")),
            None => Ok(()),
        },
    }
}
