//! The state machine's file: what survives a restart without replaying the whole log.
//!
//! Written behind: a thread collects what was applied and commits it now and then, durably. After a crash the file is as it
//! was at the last commit, and the log brings the rest. So a commit is always a state that the key space had after some entry,
//! and says which.
//!
//! - `tables`: the tables and how rows are encoded.
//! - `persist`: the thread that writes behind.
//! - `db`: the file that is open, which defragmenting exchanges.
//! - `defragment`: writing the file anew without holes.
//! - `versions`: going through what an image holds.
//! - `bulk`: filling a new file.
//! - `transfer`: the file on its way to another member.

pub mod bulk;
mod db;
pub mod defragment;
pub mod persist;
pub mod tables;
pub mod transfer;
pub mod versions;

use std::{
    collections::BTreeMap,
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use bytes::Bytes;
use redb::{ReadOnlyTable, ReadTransaction, ReadableTable, TableError, WriteTransaction};

use self::db::{Db, Open};
use self::tables::{
    ALARMS, AUTH, Batch, LEASES, LEASES_LEFT, LeaseRow, META, ROLES, STATE, State, USERS, VALUES,
    decode_meta, each_table, encode_meta, rev_key, rev_of,
};
use crate::{
    Error,
    alarm::{AlarmKind, AlarmMember, Alarms},
    auth::state::{AuthState, Role, User},
    codec::Malformed,
    mvcc::{
        Values,
        space::{FIRST_REVISION, Lease, Limits, Space},
        version::Rev,
    },
    rpc::EventKind,
    wal::disk::Disk,
};

/// Name of the file.
pub const FILE: &str = "state.redb";

/// The state machine's file, open.
#[derive(Debug)]
pub struct Backend {
    db: Db,
    size: AtomicU64,
    cache_bytes: usize,
    disk: Option<Arc<dyn Disk>>,
}

/// An error of redb, said in our words.
pub fn failed(what: &'static str) -> impl Fn(redb::Error) -> Error {
    move |error| match error {
        redb::Error::Corrupted(what) => Error::Corrupt {
            file: FILE.to_owned(),
            offset: 0,
            what,
        },
        error => Error::Io {
            what: format!("{what} {FILE}"),
            message: error.to_string(),
        },
    }
}

/// Runs a piece of redb code whose errors are of several types.
pub fn run<T>(
    what: &'static str,
    body: impl FnOnce() -> Result<T, redb::Error>,
) -> Result<T, Error> {
    body().map_err(failed(what))
}

impl Backend {
    /// Opens the file of `disk`, and makes it if it is missing.
    pub fn open(disk: &dyn Disk, cache_bytes: usize) -> Result<Backend, Error> {
        // What a defragmentation left that did not come to its end.
        disk.remove(defragment::NEW_FILE)
            .map_err(|e| Error::io("removing what was left of defragmenting", e))?;
        let open = Open::at(disk, FILE, cache_bytes)?;
        disk.sync_dir()
            .map_err(|e| Error::io("creating the state file", e))?;
        let size = AtomicU64::new(open.file.allocated().unwrap_or(0));
        Ok(Backend {
            db: Db::new(open),
            size,
            cache_bytes,
            disk: None,
        })
    }

    /// Tells the file where it lies, without which it cannot be defragmented.
    pub fn on(mut self, disk: Arc<dyn Disk>) -> Self {
        self.disk = Some(disk);
        self
    }

    /// Bytes that the file takes on disk, as of the last commit. redb makes its file longer than it needs by far; what it never
    /// wrote is no part of this.
    pub fn size(&self) -> u64 {
        self.size.load(Ordering::Relaxed)
    }

    /// Reads everything but values.
    pub fn load(&self, limits: Limits) -> Result<Loaded, Error> {
        let image = self.image()?;
        let mut space = Space::new(limits);
        let state = image.state()?.unwrap_or_default();
        space.revision = state.revision.max(FIRST_REVISION);
        space.persisted = space.revision;
        for (id, row) in image.leases()? {
            let lease = Lease {
                ttl: row.ttl,
                remaining: row.remaining,
                ..Default::default()
            };
            space.leases.insert(id, lease);
        }
        run("reading", || {
            let Some(table) = image.table(META)? else {
                return Ok(());
            };
            for row in table.iter()? {
                let (rev, row) = row?;
                let (key, meta) = decode_meta(row.value()).map_err(damaged)?;
                space.load(key, rev_of(rev.value()), meta);
            }
            Ok(())
        })?;
        space.compacted = state.compacted;
        Ok(Loaded {
            space,
            state,
            auth: image.auth()?,
            alarms: image.alarms()?,
        })
    }

    /// The file as it is at the last commit, for reading.
    pub fn image(&self) -> Result<Image, Error> {
        let txn = run("reading", || Ok(self.db.begin_read()?))?;
        Ok(Image {
            txn: Arc::new(txn),
            _incoming: None,
        })
    }

    /// The values as they are at the last commit.
    pub fn reader(&self) -> Result<Reader, Error> {
        Ok(Reader(run("reading", || self.image_table())?))
    }

    fn image_table(&self) -> Result<Option<ValueTable>, redb::Error> {
        match self.db.begin_read()?.open_table(VALUES) {
            Ok(table) => Ok(Some(table)),
            Err(TableError::TableDoesNotExist(_)) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Writes a batch, durably.
    pub fn commit(&self, batch: &Batch) -> Result<(), Error> {
        run("writing", || {
            let mut txn = self.db.begin_write()?;
            txn.set_quick_repair(true);
            {
                let mut meta = txn.open_table(META)?;
                let mut values = txn.open_table(VALUES)?;
                let mut row = Vec::new();
                for change in &batch.changes {
                    for (sub, event) in change.events.iter().enumerate() {
                        let rev = rev_key(Rev {
                            main: change.revision,
                            sub: sub as u32,
                        });
                        row.clear();
                        encode_meta(event, &mut row);
                        meta.insert(rev, row.as_slice())?;
                        if event.kind == EventKind::Put && !event.kv.value.is_empty() {
                            values.insert(rev, &*event.kv.value)?;
                        }
                    }
                }
                for rev in &batch.removals {
                    meta.remove(rev_key(*rev))?;
                    values.remove(rev_key(*rev))?;
                }
            }
            write_leases(&txn, batch)?;
            write_auth(&txn, batch)?;
            write_alarms(&txn, batch)?;
            txn.open_table(STATE)?
                .insert(0, batch.state.encode().as_slice())?;
            txn.commit()?;
            Ok(())
        })?;
        self.note_size();
        Ok(())
    }

    fn note_size(&self) {
        if let Ok(size) = self.db.now().file.allocated() {
            self.size.store(size, Ordering::Relaxed);
        }
    }

    /// Makes the file what `image` is, durably, but for the state, which is that of this member.
    pub fn install(&self, image: &Image, state: &State) -> Result<(), Error> {
        run("installing a snapshot into", || {
            let mut txn = self.db.begin_write()?;
            txn.set_quick_repair(true);
            image.copy_into(&txn)?;
            txn.open_table(STATE)?
                .insert(0, state.encode().as_slice())?;
            txn.commit()?;
            Ok(())
        })?;
        self.note_size();
        Ok(())
    }
}

fn damaged(problem: Malformed) -> redb::Error {
    redb::Error::Corrupted(problem.to_string())
}

fn write_leases(txn: &WriteTransaction, batch: &Batch) -> Result<(), redb::Error> {
    if batch.leases.is_empty() {
        return Ok(());
    }
    let mut leases = txn.open_table(LEASES)?;
    let mut left = txn.open_table(LEASES_LEFT)?;
    for (id, row) in &batch.leases {
        match row {
            Some(row) => leases.insert(id, row.ttl)?,
            None => leases.remove(id)?,
        };
        match row {
            Some(row) if row.remaining > 0 => left.insert(id, row.remaining)?,
            _ => left.remove(id)?,
        };
    }
    Ok(())
}

fn write_auth(txn: &WriteTransaction, batch: &Batch) -> Result<(), redb::Error> {
    if let Some(head) = batch.auth {
        txn.open_table(AUTH)?.insert(0, head)?;
    }
    for (definition, rows) in [(USERS, &batch.users), (ROLES, &batch.roles)] {
        if rows.is_empty() {
            continue;
        }
        let mut table = txn.open_table(definition)?;
        for (name, row) in rows {
            match row {
                Some(row) => table.insert(name.as_str(), row.as_slice())?,
                None => table.remove(name.as_str())?,
            };
        }
    }
    Ok(())
}

fn write_alarms(txn: &WriteTransaction, batch: &Batch) -> Result<(), redb::Error> {
    if batch.alarms.is_empty() {
        return Ok(());
    }
    let mut table = txn.open_table(ALARMS)?;
    for (alarm, raised) in &batch.alarms {
        let key = (alarm.alarm.number(), alarm.member_id);
        if *raised {
            table.insert(key, ())?;
        } else {
            table.remove(key)?;
        }
    }
    Ok(())
}

/// What a file holds, values aside.
#[derive(Debug)]
pub struct Loaded {
    /// The key space.
    pub space: Space,
    /// What it is the state after.
    pub state: State,
    /// Users and roles.
    pub auth: AuthState,
    /// The alarms that are raised.
    pub alarms: Alarms,
}

/// The file at one moment. It stays as it is however the file goes on, at the price of its pages.
#[derive(Clone)]
pub struct Image {
    txn: Arc<ReadTransaction>,
    /// The file that was received, if it is not our own.
    _incoming: Option<Arc<transfer::Incoming>>,
}

impl fmt::Debug for Image {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Image").finish_non_exhaustive()
    }
}

impl Image {
    fn table<K: redb::Key + 'static, V: redb::Value + 'static>(
        &self,
        definition: redb::TableDefinition<'_, K, V>,
    ) -> Result<Option<ReadOnlyTable<K, V>>, redb::Error> {
        match self.txn.open_table(definition) {
            Ok(table) => Ok(Some(table)),
            Err(TableError::TableDoesNotExist(_)) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Puts everything that the image holds in the place of what is there.
    fn copy_into(&self, txn: &WriteTransaction) -> Result<(), redb::Error> {
        macro_rules! copy {
            ($number:literal, $table:expr) => {{
                txn.delete_table($table)?;
                let mut to = txn.open_table($table)?;
                if let Some(from) = self.table($table)? {
                    for row in from.iter()? {
                        let (key, value) = row?;
                        to.insert(key.value(), value.value())?;
                    }
                }
            }};
        }
        each_table!(copy);
        Ok(())
    }

    /// What the image is the state after, if anything was ever written.
    pub fn state(&self) -> Result<Option<State>, Error> {
        let row = run("reading", || {
            let Some(table) = self.table(STATE)? else {
                return Ok(None);
            };
            Ok(table.get(0)?.map(|row| row.value().to_vec()))
        })?;
        row.map(|row| State::decode(&row)).transpose()
    }
}

impl Image {
    /// The leases.
    pub fn leases(&self) -> Result<BTreeMap<i64, LeaseRow>, Error> {
        run("reading", || {
            let mut leases = BTreeMap::new();
            if let Some(table) = self.table(LEASES)? {
                for row in table.iter()? {
                    let (id, ttl) = row?;
                    let (ttl, remaining) = (ttl.value(), 0);
                    leases.insert(id.value(), LeaseRow { ttl, remaining });
                }
            }
            if let Some(table) = self.table(LEASES_LEFT)? {
                for row in table.iter()? {
                    let (id, left) = row?;
                    if let Some(lease) = leases.get_mut(&id.value()) {
                        lease.remaining = left.value();
                    }
                }
            }
            Ok(leases)
        })
    }

    /// Users and roles.
    pub fn auth(&self) -> Result<AuthState, Error> {
        run("reading", || {
            let head = match self.table(AUTH)? {
                Some(table) => table.get(0)?.map(|row| row.value()),
                None => None,
            };
            let (enabled, revision) = head.unwrap_or_default();
            let (mut users, mut roles) = (BTreeMap::new(), BTreeMap::new());
            if let Some(table) = self.table(USERS)? {
                for row in table.iter()? {
                    let (name, row) = row?;
                    let user = User::decode(row.value()).map_err(damaged)?;
                    users.insert(name.value().to_owned(), user);
                }
            }
            if let Some(table) = self.table(ROLES)? {
                for row in table.iter()? {
                    let (name, row) = row?;
                    let role = Role::decode(row.value()).map_err(damaged)?;
                    roles.insert(name.value().to_owned(), role);
                }
            }
            Ok(AuthState::load(enabled, revision, users, roles))
        })
    }

    /// The alarms that are raised.
    pub fn alarms(&self) -> Result<Alarms, Error> {
        run("reading", || {
            let mut alarms = Alarms::default();
            if let Some(table) = self.table(ALARMS)? {
                for row in table.iter()? {
                    let (number, member_id) = row?.0.value();
                    let alarm = AlarmKind::from_number(number)
                        .ok_or(damaged(Malformed("unknown alarm")))?;
                    alarms.raise(AlarmMember { member_id, alarm });
                }
            }
            Ok(alarms)
        })
    }
}

type ValueTable = ReadOnlyTable<(u64, u32), &'static [u8]>;

/// Reads values.
pub struct Reader(Option<ValueTable>);

impl Values for Reader {
    fn value(&self, rev: Rev) -> Result<Bytes, Error> {
        let Some(table) = &self.0 else {
            return Ok(Bytes::new());
        };
        run("reading", || {
            // An empty value has no row.
            let row = table.get(rev_key(rev))?;
            Ok(row.map_or_else(Bytes::new, |row| Bytes::copy_from_slice(row.value())))
        })
    }
}

/// Opens a reader when the first value is asked for, which for most commands is never.
pub struct LazyReader<'a> {
    backend: &'a Backend,
    reader: std::cell::OnceCell<Reader>,
}

impl<'a> LazyReader<'a> {
    /// Over this file.
    pub fn new(backend: &'a Backend) -> Self {
        LazyReader {
            backend,
            reader: std::cell::OnceCell::new(),
        }
    }
}

impl Values for LazyReader<'_> {
    fn value(&self, rev: Rev) -> Result<Bytes, Error> {
        let reader = match self.reader.get() {
            Some(reader) => reader,
            None => {
                let opened = self.backend.reader()?;
                self.reader.get_or_init(|| opened)
            }
        };
        reader.value(rev)
    }
}
