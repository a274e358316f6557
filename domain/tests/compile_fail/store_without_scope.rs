//! The store opens for a scope; an organization's id is none.

use domain::{
    id::OrgId,
    store::{Store, StoreError},
};

async fn read(store: &dyn Store, org_id: OrgId) -> Result<(), StoreError> {
    store.read(&org_id).await?;
    store.begin(&org_id).await?;
    Ok(())
}

fn main() {}
