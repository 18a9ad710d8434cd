//! Requests are checked before anything is done with them: what etcd's `api/v3rpc/key.go` refuses, we refuse with its words.

use std::collections::BTreeSet;

use bytes::Bytes;

use crate::{Error, command::MAX_TXN_DEPTH, rpc::*};

/// A range.
pub fn range(request: &RangeRequest) -> Result<(), Error> {
    if request.key.is_empty() {
        Err(Error::EmptyKey)
    } else {
        Ok(())
    }
}

/// A put.
pub fn put(request: &PutRequest) -> Result<(), Error> {
    if request.key.is_empty() {
        Err(Error::EmptyKey)
    } else if request.ignore_value && !request.value.is_empty() {
        Err(Error::ValueProvided)
    } else if request.ignore_lease && request.lease != 0 {
        Err(Error::LeaseProvided)
    } else {
        Ok(())
    }
}

/// A delete.
pub fn delete_range(request: &DeleteRangeRequest) -> Result<(), Error> {
    if request.key.is_empty() {
        Err(Error::EmptyKey)
    } else {
        Ok(())
    }
}

/// A transaction, with everything inside. Returns the bytes of its keys and values.
pub fn txn(request: &TxnRequest, max_ops: usize) -> Result<usize, Error> {
    let bytes = operations(request, max_ops, 0)?;
    // The most frequent transaction by far writes one key: it cannot write a key twice.
    if writes(&request.success) > 1 || writes(&request.failure) > 1 {
        Written::default().add_branches(request)?;
    }
    Ok(bytes)
}

fn writes(ops: &[RequestOp]) -> usize {
    ops.iter()
        .map(|op| match op {
            RequestOp::Range(_) => 0,
            RequestOp::Put(_) | RequestOp::DeleteRange(_) => 1,
            RequestOp::Txn(_) => 2,
        })
        .sum()
}

fn operations(request: &TxnRequest, max_ops: usize, depth: usize) -> Result<usize, Error> {
    let most = request
        .compare
        .len()
        .max(request.success.len())
        .max(request.failure.len());
    if most > max_ops || depth >= MAX_TXN_DEPTH {
        return Err(Error::TooManyOps);
    }
    let mut bytes = 0;
    for compare in &request.compare {
        if compare.key.is_empty() {
            return Err(Error::EmptyKey);
        }
        bytes += compare.key.len() + compare.range_end.len();
        if let CompareTarget::Value(value) = &compare.target {
            bytes += value.len();
        }
    }
    for op in request.success.iter().chain(&request.failure) {
        bytes += match op {
            RequestOp::Range(request) => {
                range(request)?;
                request.key.len() + request.range_end.len()
            }
            RequestOp::Put(request) => {
                put(request)?;
                request.key.len() + request.value.len()
            }
            RequestOp::DeleteRange(request) => {
                delete_range(request)?;
                request.key.len() + request.range_end.len()
            }
            RequestOp::Txn(nested) => operations(nested, max_ops, depth + 1)?,
        };
    }
    Ok(bytes)
}

/// The keys that a path through a transaction writes.
#[derive(Clone, Default)]
struct Written {
    puts: BTreeSet<Bytes>,
    deletes: Vec<(Bytes, Bytes)>,
}

impl Written {
    /// Adds what either branch writes. Two branches of one transaction may write the same key: only one is taken.
    fn add_branches(&mut self, txn: &TxnRequest) -> Result<(), Error> {
        let success = Written::of(&txn.success)?;
        let failure = Written::of(&txn.failure)?;
        let mut either = success;
        either.puts.extend(failure.puts);
        either.deletes.extend(failure.deletes);
        self.join(either)
    }

    fn of(ops: &[RequestOp]) -> Result<Written, Error> {
        let mut written = Written::default();
        for op in ops {
            match op {
                RequestOp::DeleteRange(delete) => {
                    written
                        .deletes
                        .push((delete.key.clone(), delete.range_end.clone()));
                }
                RequestOp::Put(_) | RequestOp::Range(_) | RequestOp::Txn(_) => {}
            }
        }
        for op in ops {
            match op {
                RequestOp::Put(put) => {
                    let one = Written {
                        puts: BTreeSet::from([put.key.clone()]),
                        deletes: Vec::new(),
                    };
                    written.join(one)?;
                }
                RequestOp::Txn(nested) => written.add_branches(nested)?,
                RequestOp::DeleteRange(_) | RequestOp::Range(_) => {}
            }
        }
        Ok(written)
    }

    /// Adds what is done beside this; a key put by both, or put by one and deleted by the other, is an error.
    fn join(&mut self, other: Written) -> Result<(), Error> {
        for key in &other.puts {
            if self.puts.contains(key) || self.deletes_key(key) {
                return Err(Error::DuplicateKey);
            }
        }
        if self.puts.iter().any(|key| other.deletes_key(key)) {
            return Err(Error::DuplicateKey);
        }
        self.puts.extend(other.puts);
        self.deletes.extend(other.deletes);
        Ok(())
    }

    fn deletes_key(&self, key: &Bytes) -> bool {
        self.deletes
            .iter()
            .any(|(start, end)| crate::mvcc::space::contains(start, end, key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put_op(key: &'static str) -> RequestOp {
        RequestOp::Put(PutRequest {
            key: key.into(),
            ..Default::default()
        })
    }

    fn delete_op(key: &'static str, end: &'static str) -> RequestOp {
        RequestOp::DeleteRange(DeleteRangeRequest {
            key: key.into(),
            range_end: end.into(),
            prev_kv: false,
        })
    }

    fn nested(success: Vec<RequestOp>, failure: Vec<RequestOp>) -> RequestOp {
        RequestOp::Txn(TxnRequest {
            compare: Vec::new(),
            success,
            failure,
        })
    }

    fn verdict(success: Vec<RequestOp>, failure: Vec<RequestOp>) -> Option<String> {
        let request = TxnRequest {
            compare: Vec::new(),
            success,
            failure,
        };
        txn(&request, 4).err().map(|error| error.to_string())
    }

    #[test]
    fn a_key_is_written_once_on_any_path() {
        let duplicate = Some(Error::DuplicateKey.to_string());
        assert_eq!(
            verdict(vec![put_op("a"), put_op("b")], vec![put_op("a")]),
            None
        );
        assert_eq!(verdict(vec![put_op("a"), put_op("a")], vec![]), duplicate);
        assert_eq!(
            verdict(vec![delete_op("a", "c"), put_op("b")], vec![]),
            duplicate
        );
        assert_eq!(
            verdict(vec![put_op("c"), delete_op("a", "c")], vec![]),
            None
        );
        assert_eq!(
            verdict(vec![delete_op("a", "c"), delete_op("b", "d")], vec![]),
            None
        );
        assert_eq!(
            verdict(vec![nested(vec![put_op("a")], vec![put_op("a")])], vec![]),
            None
        );
        assert_eq!(
            verdict(vec![nested(vec![], vec![put_op("a")]), put_op("a")], vec![]),
            duplicate
        );
        assert_eq!(
            verdict(
                vec![put_op("a"), nested(vec![delete_op("a", "")], vec![])],
                vec![]
            ),
            duplicate
        );
    }

    #[test]
    fn sizes_and_empty_keys() {
        assert_eq!(
            verdict((0..5).map(|_| delete_op("a", "")).collect(), vec![]),
            Some(Error::TooManyOps.to_string())
        );
        assert_eq!(
            verdict(vec![put_op("")], vec![]),
            Some(Error::EmptyKey.to_string())
        );
        assert_eq!(
            verdict(vec![delete_op("", "a")], vec![]),
            Some(Error::EmptyKey.to_string())
        );
        let mut deep = put_op("a");
        for _ in 0..MAX_TXN_DEPTH {
            deep = nested(vec![deep], vec![]);
        }
        assert_eq!(
            verdict(vec![deep], vec![]),
            Some(Error::TooManyOps.to_string())
        );
        let bad = PutRequest {
            key: "a".into(),
            lease: 1,
            ignore_lease: true,
            ..Default::default()
        };
        assert!(matches!(put(&bad), Err(Error::LeaseProvided)));
        let bad = PutRequest {
            key: "a".into(),
            value: "v".into(),
            ignore_value: true,
            ..Default::default()
        };
        assert!(matches!(put(&bad), Err(Error::ValueProvided)));
    }
}
