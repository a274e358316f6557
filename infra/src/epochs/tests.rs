use std::sync::Mutex;

use domain::id::{OrgId, TypedId, UserId};
use uuid::Uuid;

use super::*;

struct Hand(Mutex<DateTime<Utc>>);

impl Clock for Hand {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap()
    }
}

const ADA: u128 = 1;
const BOB: u128 = 2;

fn user(n: u128) -> Subject {
    Subject::User(UserId::from_uuid(Uuid::from_u128(n)))
}

/// On a database that has no table of epochs, so that asking it fails.
async fn watch(alone: bool) -> (EpochWatch, Arc<Hand>) {
    let database = sea_orm::Database::connect("sqlite::memory:").await.unwrap();
    let clock = Arc::new(Hand(Mutex::new(DateTime::from_timestamp(1_800_000_000, 0).unwrap())));
    let patience = Duration::from_secs(30);
    (EpochWatch::new(database, Cuts::default(), Arc::clone(&clock) as _, patience, alone), clock)
}

impl Hand {
    fn advance(&self, by: TimeDelta) {
        *self.0.lock().unwrap() += by;
    }
}

#[tokio::test]
async fn a_change_makes_stale_what_was_marked_before_it_and_depends_on_it() {
    let (watch, _) = watch(true).await;
    let before = watch.mark();
    watch.apply(&[(user(ADA), 7)]);
    let after = watch.mark();
    assert!(after > before);
    assert!(!watch.known_unchanged(before, &[user(ADA)]));
    assert!(!watch.known_unchanged(before, &[user(BOB), user(ADA)]));
    assert!(watch.known_unchanged(before, &[user(BOB)]));
    assert!(watch.known_unchanged(before, &[Subject::Organization(OrgId::from_uuid(Uuid::from_u128(ADA)))]));
    assert!(watch.known_unchanged(after, &[user(ADA)]));
}

#[tokio::test]
async fn hearing_of_a_change_again_is_no_change() {
    let (watch, _) = watch(true).await;
    watch.apply(&[(user(ADA), 7), (user(BOB), 1)]);
    let mark = watch.mark();
    watch.apply(&[(user(ADA), 7)]);
    watch.apply(&[(user(BOB), 1), (user(ADA), 7)]);
    assert_eq!(watch.mark(), mark);
}

#[tokio::test]
async fn changes_that_are_heard_of_in_the_wrong_order_are_changes_all_the_same() {
    let (watch, _) = watch(true).await;
    watch.apply(&[(user(ADA), 8)]);
    let mark = watch.mark();
    watch.apply(&[(user(ADA), 7)]);
    assert!(!watch.known_unchanged(mark, &[user(ADA)]), "to load once more than needed is safe");
}

#[tokio::test]
async fn each_of_several_changes_has_a_place_of_its_own() {
    let (watch, _) = watch(true).await;
    watch.apply(&[(user(ADA), 1), (user(BOB), 1)]);
    assert!(watch.known_unchanged(Mark(1), &[user(ADA)]));
    assert!(!watch.known_unchanged(Mark(1), &[user(BOB)]));
    assert!(watch.known_unchanged(Mark(2), &[user(ADA), user(BOB)]));
}

#[tokio::test]
async fn the_channel_is_trusted_for_a_second_and_not_at_all_before_it_was_heard() {
    let (watch, clock) = watch(false).await;
    assert!(!watch.is_hearing());
    watch.heard_channel(clock.now());
    assert!(watch.is_hearing());
    clock.advance(SILENCE);
    assert!(watch.is_hearing());
    clock.advance(TimeDelta::microseconds(1));
    assert!(!watch.is_hearing());
    watch.heard_channel(clock.now());
    clock.advance(-TimeDelta::minutes(1));
    assert!(!watch.is_hearing(), "a clock that was set back does not prolong it");
}

#[tokio::test]
async fn a_process_alone_with_its_database_needs_no_channel() {
    let (watch, clock) = watch(true).await;
    clock.advance(TimeDelta::days(1));
    assert!(watch.is_hearing());
    assert!(watch.unchanged_since(watch.mark(), &[user(ADA)]).await.unwrap());
}

#[tokio::test]
async fn with_channel_and_table_silent_what_is_known_counts_for_the_agreed_time_since_the_last_word() {
    let (watch, clock) = watch(false).await;
    let mark = watch.mark();
    assert!(watch.unchanged_since(mark, &[user(ADA)]).await.is_err(), "nothing was ever heard");
    watch.heard_channel(clock.now());
    watch.apply(&[(user(BOB), 1)]);
    clock.advance(TimeDelta::seconds(30));
    assert!(watch.unchanged_since(mark, &[user(ADA)]).await.unwrap());
    assert!(!watch.unchanged_since(mark, &[user(BOB)]).await.unwrap(), "what is known is known");
    clock.advance(TimeDelta::microseconds(1));
    assert!(watch.unchanged_since(mark, &[user(ADA)]).await.is_err());
}

#[tokio::test]
async fn what_the_table_said_of_one_keeps_no_other_alive_when_it_is_gone() {
    let (watch, clock) = watch(false).await;
    let run = async |sql: &str| {
        #[expect(clippy::disallowed_methods, reason = "the test's own table")]
        let statement = Statement::from_string(DbBackend::Sqlite, sql);
        watch.inner.database.execute_raw(statement).await.unwrap();
    };
    run("CREATE TABLE epochs (kind TEXT, id BLOB, epoch INTEGER, changed_at TEXT)").await;
    let mark = watch.mark();
    watch.heard_channel(clock.now());
    clock.advance(TimeDelta::seconds(20));
    assert!(watch.unchanged_since(mark, &[user(ADA)]).await.unwrap(), "the table says so");
    run("DROP TABLE epochs").await;
    clock.advance(TimeDelta::seconds(20));
    assert!(watch.unchanged_since(mark, &[user(ADA)]).await.unwrap(), "twenty seconds ago");
    assert!(watch.unchanged_since(mark, &[user(BOB)]).await.is_err(), "last heard of forty seconds ago");
    assert!(watch.unchanged_since(mark, &[user(ADA), user(BOB)]).await.is_err());
}

#[tokio::test]
async fn what_is_older_than_anything_remembered_is_forgotten_once_an_hour_without_being_a_change() {
    let (watch, clock) = watch(true).await;
    let mut tidied = clock.now();
    watch.apply(&[(user(ADA), 1)]);
    clock.advance(RETENTION - TimeDelta::hours(1));
    watch.apply(&[(user(BOB), 1)]);
    watch.tidy(&mut tidied);
    let known = |watch: &EpochWatch| watch.inner.known.read().unwrap().len();
    assert_eq!(known(&watch), 2);
    clock.advance(TimeDelta::hours(1) + TimeDelta::seconds(1));
    let mark = watch.mark();
    watch.tidy(&mut tidied);
    assert_eq!(known(&watch), 1);
    assert_eq!(watch.mark(), mark);
}
