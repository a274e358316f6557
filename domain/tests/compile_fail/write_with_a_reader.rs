//! What is opened for reading does not write.

use domain::{
    annotations::{Taxonomy, TaxonomyError},
    store::OrgReader,
};

async fn write(reader: Box<dyn OrgReader>, taxonomy: &Taxonomy) -> Result<(), TaxonomyError> {
    reader.taxonomies().add(taxonomy).await
}

fn main() {}
