//! The one way in which version 1 grows (PROTOCOL 7): named strings that older programs pass over, or,
//! where the name begins `must-`, refuse to judge.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::ids::Id;
use super::limits::{EXTENSION_BYTES_MAX, EXTENSIONS_MAX};

const MUST: &str = "must-";

/// At most 16 names with their values, ascending as ASCII.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Extensions(BTreeMap<Id, String>);

impl Extensions {
    /// Nothing when there are too many, or a value is too long.
    pub fn new(extensions: BTreeMap<Id, String>) -> Option<Self> {
        let fits = extensions.len() <= EXTENSIONS_MAX
            && extensions.values().all(|value| value.len() <= EXTENSION_BYTES_MAX);
        fits.then_some(Self(extensions))
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(id, _)| id.as_str() == name).map(|(_, value)| value.as_str())
    }

    /// Whether one of them must be understood. This program knows none that must.
    pub fn is_of_newer_version(&self) -> bool {
        self.0.keys().any(|id| id.as_str().starts_with(MUST))
    }
}

impl<'de> Deserialize<'de> for Extensions {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ExtensionsVisitor;
        impl<'de> serde::de::Visitor<'de> for ExtensionsVisitor {
            type Value = Extensions;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object of at most 16 named strings, none named twice")
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Extensions, A::Error> {
                let mut extensions = BTreeMap::new();
                while let Some((id, value)) = map.next_entry::<Id, String>()? {
                    // Asked in the loop: a hostile object must not make the map grow without bound.
                    if extensions.len() == EXTENSIONS_MAX || extensions.insert(id, value).is_some() {
                        return Err(serde::de::Error::custom("too many extensions, or one twice"));
                    }
                }
                Extensions::new(extensions)
                    .ok_or_else(|| serde::de::Error::custom("an extension is too long"))
            }
        }
        deserializer.deserialize_map(ExtensionsVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(text: &str) -> Option<Extensions> {
        serde_json::from_str(text).ok()
    }

    #[test]
    fn names_are_ids_and_values_are_bounded_strings() {
        assert_eq!(decode("{}"), Some(Extensions::default()));
        let some = decode(r#"{"must-see":"1","constructor":"x"}"#).unwrap();
        assert_eq!((some.get("constructor"), some.get("toString")), (Some("x"), None));
        assert!(some.is_of_newer_version() && !decode(r#"{"musty":""}"#).unwrap().is_of_newer_version());
        assert_eq!(serde_json::to_string(&some).unwrap(), r#"{"constructor":"x","must-see":"1"}"#);
        let long = format!(r#"{{"a":"{}"}}"#, "x".repeat(EXTENSION_BYTES_MAX + 1));
        let many: Vec<_> = (0..=EXTENSIONS_MAX).map(|n| format!(r#""a{n}":"""#)).collect();
        let many = format!("{{{}}}", many.join(","));
        for bad in [r#"{"A":""}"#, r#"{"a":1}"#, r#"{"a":"","a":""}"#, "[]", "null", &long, &many] {
            assert_eq!(decode(bad), None, "{bad}");
        }
    }
}
