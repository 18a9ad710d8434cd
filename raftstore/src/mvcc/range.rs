//! Reading a range: first which versions, under the lock, then their values, without it.

use std::{cmp::Ordering, sync::Arc};

use bytes::Bytes;

use super::{Values, space::Space, version::Item};
use crate::{
    Error,
    command::Refusal,
    rpc::{KeyValue, RangeRequest, RangeResponse, ResponseHeader, SortOrder, SortTarget},
};

/// What a range found, values not fetched yet.
#[derive(Debug)]
pub struct Found {
    items: Vec<Item>,
    count: i64,
    more: bool,
    /// Sorting by value waits for the values; the limit waits for the sort.
    sort_by_value: Option<(SortOrder, usize)>,
    keys_only: bool,
}

/// The revision that a request reads at, or why it cannot. `current` is what "latest" means to it.
pub fn check_revision(space: &Space, requested: i64, current: i64) -> Result<i64, Refusal> {
    if requested <= 0 {
        Ok(current)
    } else if requested > current {
        Err(Refusal::FutureRev)
    } else if requested < space.compacted {
        Err(Refusal::Compacted)
    } else {
        Ok(requested)
    }
}

/// Finds the versions that a request asks for. `current` is the revision that "latest" means.
pub fn find(space: &Space, request: &RangeRequest, current: i64) -> Result<Found, Refusal> {
    let revision = check_revision(space, request.revision, current)?;
    let order = match (request.sort_order, request.sort_target) {
        // A target without an order is taken as ascending.
        (SortOrder::None, target) if target != SortTarget::Key => SortOrder::Ascend,
        (order, _) => order,
    };
    let filtered = [
        request.min_mod_revision,
        request.max_mod_revision,
        request.min_create_revision,
        request.max_create_revision,
    ]
    .iter()
    .any(|bound| *bound != 0);
    // Without an order the limit comes before the sort, whatever the target, as in etcd. One more than the limit is taken and
    // sorted with the rest: who asks for the lowest versions so gets the lowest of the first keys.
    let limit_first = matches!(
        (request.sort_order, request.sort_target),
        (SortOrder::None, _) | (SortOrder::Ascend, SortTarget::Key)
    );
    let limit = usize::try_from(request.limit)
        .ok()
        .filter(|limit| *limit > 0)
        .unwrap_or(usize::MAX);
    let wanted = match () {
        () if request.count_only => 0,
        () if limit_first && !filtered => limit.saturating_add(1),
        () => usize::MAX,
    };

    let mut items = Vec::new();
    let mut count = 0i64;
    space.visit(
        &request.key,
        &request.range_end,
        revision,
        |key, version| {
            count += 1;
            if items.len() < wanted {
                items.extend(Item::of(key, version));
            }
            true
        },
    );
    let mut found = Found {
        more: false,
        items,
        count,
        sort_by_value: None,
        keys_only: request.keys_only,
    };
    if request.count_only {
        return Ok(found);
    }
    if filtered {
        found.items.retain(|item| passes(item, request));
    }
    if request.sort_target == SortTarget::Value && order != SortOrder::None {
        found.sort_by_value = Some((order, limit));
    } else {
        sort(&mut found.items, order, |a, b| {
            compare(a, b, request.sort_target)
        });
        found.more = found.items.len() > limit;
        found.items.truncate(limit);
    }
    Ok(found)
}

fn passes(item: &Item, request: &RangeRequest) -> bool {
    let within =
        |value: i64, min: i64, max: i64| (min == 0 || value >= min) && (max == 0 || value <= max);
    within(
        item.mod_revision(),
        request.min_mod_revision,
        request.max_mod_revision,
    ) && within(
        item.create_revision(),
        request.min_create_revision,
        request.max_create_revision,
    )
}

fn compare(a: &Item, b: &Item, target: SortTarget) -> Ordering {
    match target {
        SortTarget::Key | SortTarget::Value => a.key().cmp(b.key()),
        SortTarget::Version => a.version().cmp(&b.version()),
        SortTarget::Create => a.create_revision().cmp(&b.create_revision()),
        SortTarget::Mod => a.mod_revision().cmp(&b.mod_revision()),
    }
}

fn sort<T>(items: &mut [T], order: SortOrder, compare: impl Fn(&T, &T) -> Ordering) {
    match order {
        SortOrder::None => {}
        SortOrder::Ascend => items.sort_by(|a, b| compare(a, b)),
        SortOrder::Descend => items.sort_by(|a, b| compare(b, a)),
    }
}

impl Found {
    /// Whether values must be fetched from disk.
    pub fn needs_disk(&self) -> bool {
        let needs_values = !self.keys_only || self.sort_by_value.is_some();
        needs_values
            && self
                .items
                .iter()
                .any(|item| matches!(item, Item::Cold { .. }))
    }

    /// Makes the answer. `fetched` is called with every version whose value came from disk.
    pub fn finish(
        self,
        header: ResponseHeader,
        values: &dyn Values,
        mut fetched: impl FnMut(&Arc<KeyValue>),
    ) -> Result<RangeResponse, Error> {
        let needs_values = !self.keys_only || self.sort_by_value.is_some();
        let mut kvs = Vec::with_capacity(self.items.len());
        for item in self.items {
            kvs.push(match item {
                Item::Hot(kv) => kv,
                Item::Cold { .. } if !needs_values => item.with_value(Bytes::new()),
                Item::Cold { rev, .. } => {
                    let kv = item.with_value(values.value(rev)?);
                    fetched(&kv);
                    kv
                }
            });
        }
        let mut more = self.more;
        if let Some((order, limit)) = self.sort_by_value {
            sort(&mut kvs, order, |a, b| a.value.cmp(&b.value));
            more = kvs.len() > limit;
            kvs.truncate(limit);
        }
        if self.keys_only {
            for kv in &mut kvs {
                if !kv.value.is_empty() {
                    *kv = Arc::new(KeyValue {
                        value: Bytes::new(),
                        ..KeyValue::clone(kv)
                    });
                }
            }
        }
        Ok(RangeResponse {
            header,
            kvs,
            more,
            count: self.count,
        })
    }
}
