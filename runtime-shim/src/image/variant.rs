//! `module.wasm.image/variant`: an image of another platform whose program is WebAssembly, as buildah makes them and crun runs them.
//!
//! The annotation stands at the image's manifest, at an index's entry, or at the pod that wants the image run so.

/// The annotation's name.
pub const ANNOTATION: &str = "module.wasm.image/variant";

/// What the annotation says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Variant {
    /// Nothing: the platform decides.
    #[default]
    None,
    /// `compat`: the program is WebAssembly.
    Compat,
    /// `compat-smart`: it is if it looks so; else the image is a container's.
    Smart,
}

impl Variant {
    /// Of annotations. A value that is not known says nothing.
    pub fn of<'a>(annotations: impl IntoIterator<Item = (&'a String, &'a String)>) -> Self {
        let mut annotations = annotations.into_iter();
        let found = annotations.find(|(name, _)| *name == ANNOTATION);
        match found.map(|(_, value)| value.as_str()) {
            Some("compat") => Self::Compat,
            Some("compat-smart") => Self::Smart,
            _ => Self::None,
        }
    }

    /// This one, or `other` where this one says nothing.
    pub fn or(self, other: Self) -> Self {
        if self == Self::None { other } else { self }
    }
}
