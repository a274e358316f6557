//! What is committed is closed.

use domain::{
    events::Events,
    id::TaxonomyId,
    store::{OrgTx, StoreError},
};

async fn write(tx: Box<dyn OrgTx>, events: Events, id: TaxonomyId) -> Result<(), StoreError> {
    tx.commit(events).await?;
    tx.taxonomies().get(id).await.map(|_| ())
}

fn main() {}
