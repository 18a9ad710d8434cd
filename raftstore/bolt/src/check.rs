//! Whether a file is consistent, by the rules of bbolt's `Tx.Check` and a few more: every page is reached exactly once or
//! free; free pages are inside the file and named once; keys are in order, within a page and between a page and the branches
//! above it; inline buckets too; and every page is packed as bbolt packs it.

use crate::{
    Bucket, Db, Error, ReadAt,
    bucket::MAX_DEPTH,
    format::{Kind, NO_FREELIST},
    page::Page,
};

/// Problems that are kept with their words; more are only counted.
pub const MAX_PROBLEMS: usize = 100;

/// What a check found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// The first problems.
    pub problems: Vec<String>,
    /// How many there are.
    pub count: usize,
}

impl Report {
    /// Whether nothing is wrong.
    pub fn is_clean(&self) -> bool {
        self.count == 0
    }

    fn add(&mut self, problem: impl Into<String>) {
        self.count += 1;
        if self.problems.len() < MAX_PROBLEMS {
            self.problems.push(problem.into());
        }
    }
}

impl<S: ReadAt> Db<S> {
    /// Checks the whole file.
    ///
    /// # Errors
    /// [`Error::Io`] alone: whatever is wrong with the contents is in the report.
    pub fn check(&self) -> Result<Report, Error> {
        let pages = self.meta().high_water;
        let mut check = Check {
            db: self,
            report: Report::default(),
            reached: Bits::new(pages),
            freed: Bits::new(pages),
        };
        check.reached.set(0);
        check.reached.set(1);
        let listed = check.free_list()?;
        check.bucket(&self.root(), 0)?;
        if listed {
            for id in 0..pages {
                if !check.reached.get(id) && !check.freed.get(id) {
                    check.report.add(format!("page {id}: unreachable unfreed"));
                }
            }
        }
        Ok(check.report)
    }
}

/// One bit for each page.
struct Bits(Vec<u64>);

impl Bits {
    fn new(pages: u64) -> Bits {
        Bits(vec![0; pages.div_ceil(64) as usize])
    }

    fn get(&self, id: u64) -> bool {
        let word = self.0.get((id / 64) as usize);
        word.is_some_and(|word| word >> (id % 64) & 1 == 1)
    }

    /// Sets a bit. Returns whether it was set before.
    fn set(&mut self, id: u64) -> bool {
        let before = self.get(id);
        if let Some(word) = self.0.get_mut((id / 64) as usize) {
            *word |= 1 << (id % 64);
        }
        before
    }
}

struct Check<'d, S> {
    db: &'d Db<S>,
    report: Report,
    reached: Bits,
    freed: Bits,
}

/// What the keys of a page must lie between: not before the first, before the second.
#[derive(Clone, Copy)]
struct Between<'a> {
    least: Option<&'a [u8]>,
    end: Option<&'a [u8]>,
}

impl<S: ReadAt> Check<'_, S> {
    /// Notes the free pages. Returns whether there is a list of them.
    fn free_list(&mut self) -> Result<bool, Error> {
        let meta = self.db.meta();
        if meta.freelist == NO_FREELIST {
            return Ok(false);
        }
        let (pages, free) = match (self.db.run(meta.freelist), self.db.free_pages()) {
            (Ok((header, _)), Ok(Some(free))) => (u64::from(header.overflow) + 1, free),
            (Err(error), _) | (_, Err(error)) => {
                self.problem(error)?;
                return Ok(false);
            }
            (_, Ok(None)) => return Ok(false),
        };
        for id in meta.freelist..meta.freelist + pages {
            self.reached.set(id);
        }
        for id in free {
            if id < 2 || id >= meta.high_water {
                self.report
                    .add(format!("page {id}: freed, but out of bounds"));
            } else if self.freed.set(id) {
                self.report.add(format!("page {id}: already freed"));
            }
        }
        Ok(true)
    }

    /// Takes what is wrong with the contents into the report; hands back what is wrong with reading.
    fn problem(&mut self, error: Error) -> Result<(), Error> {
        if let Error::Io(_) = error {
            return Err(error);
        }
        self.report.add(error.to_string());
        Ok(())
    }

    fn bucket(&mut self, bucket: &Bucket, depth: usize) -> Result<(), Error> {
        let anything = Between {
            least: None,
            end: None,
        };
        match &bucket.inline {
            Some(page) => self.elements(page, anything, depth).map(drop),
            None => self.page(bucket.root, anything, depth).map(drop),
        }
    }

    /// Checks a page and what is below. Returns the last key there.
    fn page(
        &mut self,
        id: u64,
        between: Between<'_>,
        depth: usize,
    ) -> Result<Option<Vec<u8>>, Error> {
        if depth >= MAX_DEPTH {
            self.report.add(format!("page {id}: nested too deeply"));
            return Ok(None);
        }
        let page = match self.db.page(id) {
            Ok(page) => page,
            Err(error) => {
                self.problem(error)?;
                return Ok(None);
            }
        };
        let mut again = false;
        for id in id..id + page.run(self.db.meta().page_size) {
            if self.reached.set(id) {
                self.report.add(format!("page {id}: multiple references"));
                again = true;
            }
            if self.freed.get(id) {
                self.report.add(format!("page {id}: reachable freed"));
            }
        }
        if again {
            // It was or will be looked at where it was met first; going on could go on for ever.
            return Ok(None);
        }
        self.elements(&page, between, depth)
    }

    fn elements(
        &mut self,
        page: &Page,
        between: Between<'_>,
        depth: usize,
    ) -> Result<Option<Vec<u8>>, Error> {
        let mut last: Option<Vec<u8>> = None;
        if !page.is_packed() {
            let what = format!("page {}: its elements have gaps between them", page.id);
            self.report.add(what);
        }
        for index in 0..page.count() {
            let Some(key) = page.key(index) else {
                break;
            };
            self.order(page, index, key, last.as_deref(), between);
            if page.kind == Kind::Branch {
                last = self.child(page, index, key, between, depth)?;
                last.get_or_insert_with(|| key.to_vec());
            } else {
                last = Some(key.to_vec());
                if let Some(leaf) = page.leaf(index)
                    && leaf.is_bucket
                {
                    match Bucket::parse(page.id, leaf.value) {
                        Ok(bucket) => self.bucket(&bucket, depth + 1)?,
                        Err(error) => self.problem(error)?,
                    }
                }
            }
        }
        Ok(last)
    }

    fn child(
        &mut self,
        page: &Page,
        index: usize,
        key: &[u8],
        between: Between<'_>,
        depth: usize,
    ) -> Result<Option<Vec<u8>>, Error> {
        let Some(branch) = page.branch(index) else {
            return Ok(None);
        };
        let between = Between {
            least: Some(key),
            end: page.key(index + 1).or(between.end),
        };
        self.page(branch.child, between, depth + 1)
    }

    /// Checks one key: after the one before on its page, and where the branches above say.
    fn order(
        &mut self,
        page: &Page,
        index: usize,
        key: &[u8],
        before: Option<&[u8]>,
        between: Between<'_>,
    ) {
        let id = page.id;
        if key.is_empty() {
            self.report.add(format!("page {id}: key {index} is empty"));
        }
        if before.is_some_and(|before| before >= key) {
            let what = format!("page {id}: key {index} is not after the one before it");
            self.report.add(what);
        }
        if index == 0 && between.least.is_some_and(|least| least > key) {
            let what = format!("page {id}: its first key is before that of the branch above");
            self.report.add(what);
        }
        if between.end.is_some_and(|end| key >= end) {
            let what =
                format!("page {id}: key {index} is not before the next one of the branch above");
            self.report.add(what);
        }
    }
}
