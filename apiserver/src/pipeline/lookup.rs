//! Other objects of the cluster, for admission: read from the watch cache.

use std::sync::Arc;

use serde_json::Value;

use super::Core;
use crate::admission::Lookup;

impl Lookup for Core {
    fn get(&self, group: &str, plural: &str, namespace: &str, name: &str) -> Option<Arc<Value>> {
        let served = self.table.any_version(group, plural)?;
        let cache = self.caches().resource(served.kind.storage.prefix)?;
        cache
            .get(&served.path(namespace, name))
            .map(|object| object.value())
    }
}
