//! Connections that the server has cut, as a restart of PostgreSQL does with all of them.
//!
//! A pool finds out one connection at a time, by a statement that fails. So the first one that is found makes every
//! other suspect that has rested since before: the pool asks those whether they live before it gives them out. And
//! what failed and had changed nothing is tried once more; nobody outside notices.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use sea_orm::{DbErr, RuntimeErr};

/// When a cut connection was last found in a pool. Clones share one memory.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cuts(Arc<Mutex<Option<Instant>>>);

impl Cuts {
    /// A connection was found cut.
    pub(crate) fn found(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    /// Whether a connection that has rested so long may have been cut with one that was found.
    pub(super) fn concern(&self, rested: Duration) -> bool {
        let found = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        found.is_some_and(|found| found.elapsed() <= rested)
    }

    /// Does what changes nothing when it fails; once more if it met a cut connection.
    pub(crate) async fn twice<T, F>(&self, mut what: impl FnMut() -> F) -> Result<T, DbErr>
    where
        F: Future<Output = Result<T, DbErr>>,
    {
        match what().await {
            Err(error) if is_cut(&error) => {
                self.found();
                what().await
            }
            done => done,
        }
    }
}

/// Whether the connection is gone: nothing comes over it any more, or the server said farewell (PostgreSQL, "Appendix
/// A. Error Codes", class 08 and `admin_shutdown`, `crash_shutdown`).
#[expect(clippy::wildcard_enum_match_arm, reason = "the list is of what says that; all else does not")]
fn is_cut(error: &DbErr) -> bool {
    let (DbErr::Conn(RuntimeErr::SqlxError(cause))
    | DbErr::Exec(RuntimeErr::SqlxError(cause))
    | DbErr::Query(RuntimeErr::SqlxError(cause))) = error
    else {
        return false;
    };
    match cause.as_ref() {
        sqlx::Error::Io(_) => true,
        sqlx::Error::Database(database) => database.code().is_some_and(|code| {
            code.len() == 5 && (code.starts_with("08") || code == "57P01" || code == "57P02")
        }),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_rested_since_before_is_suspect_and_who_was_used_since_is_not() {
        let cuts = Cuts::default();
        let long = Duration::from_hours(1);
        assert!(!cuts.concern(long), "none was found");
        cuts.clone().found();
        assert!(cuts.concern(long));
        assert!(!cuts.concern(Duration::ZERO));
    }

    #[tokio::test]
    async fn only_what_met_a_cut_connection_is_done_twice() {
        let cut = || {
            let gone = sqlx::Error::Io(std::io::ErrorKind::UnexpectedEof.into());
            DbErr::Query(RuntimeErr::SqlxError(Arc::new(gone)))
        };
        let other = || DbErr::Custom("no".to_owned());
        for (errors, tries) in [(vec![], 1), (vec![cut()], 2), (vec![cut(), cut()], 2), (vec![other()], 1)] {
            let cuts = Cuts::default();
            let is_lasting = errors.len() == tries;
            let mut errors = errors.into_iter();
            let mut tried = 0;
            let result = cuts
                .twice(|| {
                    tried += 1;
                    let error = errors.next();
                    async { error.map_or(Ok(()), Err) }
                })
                .await;
            assert_eq!((tried, result.is_err()), (tries, is_lasting));
        }
    }
}
