//! The id of one kind of thing is not that of another.

use domain::{
    id::{TaxonomyId, TermId},
    store::{OrgReader, StoreError},
};

async fn read(reader: Box<dyn OrgReader>, taxonomy: TaxonomyId, term: TermId) -> Result<(), StoreError> {
    reader.taxonomies().get_term(term, taxonomy).await.map(|_| ())
}

fn main() {}
