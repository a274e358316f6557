//! One piece of work for each key at a time, in this process.

use std::{
    collections::HashMap,
    hash::Hash,
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use domain::connections::{Flight, Flights};
use futures_util::FutureExt;
use tokio::sync::watch;

/// Lets each piece of work go on in a task of its own, so that it comes to its end when those who wait for it hang up.
pub struct SpawnedFlights<K, T>(Arc<Mutex<HashMap<K, Waiting<T>>>>);

/// `None` until the work is done; the sender is dropped without a value when it panicked.
type Waiting<T> = watch::Receiver<Option<T>>;

impl<K, T> Default for SpawnedFlights<K, T> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

#[async_trait]
impl<K, T> Flights<K, T> for SpawnedFlights<K, T>
where
    K: Eq + Hash + Clone + Send + Sync + 'static,
    T: Clone + Send + Sync + 'static,
{
    async fn join(&self, key: K, work: Flight<T>) -> Option<T> {
        let mut landed = {
            let mut flights = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(flight) = flights.get(&key) {
                flight.clone()
            } else {
                let (sender, flight) = watch::channel(None);
                flights.insert(key.clone(), flight.clone());
                let flights = Arc::clone(&self.0);
                tokio::spawn(async move {
                    let result = AssertUnwindSafe(work).catch_unwind().await;
                    // Whoever comes from here on begins anew, whatever came of this.
                    flights.lock().unwrap_or_else(PoisonError::into_inner).remove(&key);
                    if let Ok(result) = result {
                        sender.send_replace(Some(result));
                    }
                });
                flight
            }
        };
        let value = landed.wait_for(Option::is_some).await.ok()?;
        value.clone()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use tokio::sync::Notify;

    use super::*;

    #[tokio::test]
    async fn a_hundred_wait_for_one_and_the_next_one_begins_anew() {
        let flights = SpawnedFlights::<u8, u32>::default();
        let (begun, gate) = (Arc::new(AtomicU32::new(0)), Arc::new(Notify::new()));
        let work = || -> Flight<u32> {
            let (begun, gate) = (Arc::clone(&begun), Arc::clone(&gate));
            Box::pin(async move {
                let number = begun.fetch_add(1, Ordering::Relaxed) + 1;
                gate.notified().await;
                number
            })
        };
        let all = futures_util::future::join_all((0..100).map(|_| flights.join(7, work())));
        let other = flights.join(8, Box::pin(async { 0 }));
        let (all, other, ()) = tokio::join!(all, other, async {
            tokio::task::yield_now().await;
            gate.notify_one();
        });
        assert!(all.iter().all(|number| *number == Some(1)));
        assert_eq!(other, Some(0));
        gate.notify_one();
        assert_eq!(flights.join(7, work()).await, Some(2));
    }

    #[tokio::test]
    async fn work_goes_on_when_everybody_hangs_up_and_a_panic_leaves_nothing_stuck() {
        let flights = SpawnedFlights::<u8, u32>::default();
        let done = Arc::new(Notify::new());
        let work = Box::pin({
            let done = Arc::clone(&done);
            async move {
                tokio::task::yield_now().await;
                done.notify_one();
                1
            }
        });
        assert!(flights.join(7, work).now_or_never().is_none(), "it is not done yet");
        done.notified().await;
        let broken: Flight<u32> = Box::pin(async { panic!("on purpose") });
        assert_eq!(flights.join(9, broken).await, None);
        assert_eq!(flights.join(9, Box::pin(async { 3 })).await, Some(3));
    }
}
